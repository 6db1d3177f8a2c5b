"""Runs whose driver may die at any point: whatever dies, whatever is lost, no effect is done twice or taken for undone.

Each seed makes one scenario: a workflow, a world in which effects are really done, a connector that loses replies, lies
idle or raises, and a ledger. The driver is killed before or after any write and any call, and started again, until the run
ends. After every drive the invariants below are checked. A seed that fails is printed by pytest; add it to `KNOWN`.
"""

import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from makers import make_action, make_decision, make_gate, make_inputs, make_outcome, make_step

from runtime.evidence import RecordedRun, replay
from runtime.orchestration import Answer, Checkpoint, EffectOutcome, OrchestrationResult, StepSpec
from runtime.orchestration.drive import drive
from runtime.ports import EffectLedger
from runtime.storage import SqliteEffectLedger
from runtime.testing import MemoryLedger
from runtime.values import Request

KNOWN: Final[tuple[int, ...]] = ()
"""Seeds that failed once."""
_DRIVES: Final = 60
"""A scenario that is not over by then goes round in circles."""


class Killed(BaseException):
    """
    The process ends here.
    """


@attrs.define
class World:
    """
    What was really done, by step, and the dice.
    """

    dice: random.Random
    done: Counter[str] = attrs.field(factory=Counter)
    danger: float = 0.0

    def happens(self, chance: float) -> bool:
        """
        Throw the dice.
        """
        return self.dice.random() < chance

    def survive(self) -> None:
        """
        Go on, or die.
        """
        if self.happens(self.danger):
            raise Killed


@attrs.define
class FaultyConnector:
    """
    Does effects in the world, and says so, or not.
    """

    world: World
    ledger: EffectLedger
    modes: Mapping[str, str]
    tells: float
    """How likely it can tell what became of an effect; 0 for one that never can."""

    def describe(self) -> Mapping[str, Any]:
        """
        Describe its actions.
        """
        return {"actions": {name: {"mode": mode} for name, mode in self.modes.items()}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Do it or not, then say so, lose the reply, or fall over.
        """
        world = self.world
        if request.to_dict()["ask"]["mode"] == "mutate":  # type: ignore[index]  # plain JSON.
            assert self.ledger.has_intent(request.digest)
        world.survive()
        is_done = world.happens(0.7)
        world.done[request.step_id] += is_done
        world.survive()
        if world.happens(0.2):
            raise OSError("the line is dead")
        if world.happens(0.2):
            return make_outcome("unknown", code="reply_lost")
        return make_outcome(output=request.step_id) if is_done else make_outcome("failed", code="refused")

    def reconcile(self, request: Request) -> EffectOutcome:
        """
        Look, and tell the truth or nothing.
        """
        self.world.survive()
        return self.see(request) if self.world.happens(self.tells) else make_outcome("unknown", code="no_trace")

    def see(self, request: Request) -> EffectOutcome:
        """
        Tell the truth.
        """
        is_done = self.world.done[request.step_id] > 0
        return make_outcome(output=request.step_id) if is_done else make_outcome("failed", code="not_done")


@attrs.define
class FaultyLedger:
    """
    A ledger whose process dies before or after a write.
    """

    inner: EffectLedger
    world: World
    is_durable: bool = True

    def record_intent(self, request: Request) -> bool:
        """
        Write it, unless the process dies.
        """
        self.world.survive()
        is_first = self.inner.record_intent(request)
        self.world.survive()
        return is_first

    def has_intent(self, request_digest: str) -> bool:
        """
        Look.
        """
        return self.inner.has_intent(request_digest)

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Write it, unless the process dies.
        """
        self.world.survive()
        self.inner.record_outcome(request_digest, outcome)
        self.world.survive()

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Look.
        """
        return self.inner.find_outcome(request_digest)


def make_workflow_steps(dice: random.Random) -> list[StepSpec]:
    """
    Make up to five steps, with at least one effect, perhaps a person among them.
    """
    kinds = [dice.choice(["mutate", "mutate", "read", "note"]) for _ in range(dice.randint(0, 3))] + ["mutate"]
    dice.shuffle(kinds)
    steps = [
        make_step(f"s{at}", "set", path="/note", value=at)
        if kind == "note"
        else make_action(f"s{at}", connector="files", action=kind, mode=kind, output=f"/out{at}")
        for at, kind in enumerate(kinds)
    ]
    if dice.random() < 0.5:
        steps.insert(dice.randint(0, len(steps)), make_gate())
    return steps


def play(seed: int, ledger: EffectLedger) -> None:
    """
    Play one scenario to its end.
    """
    dice = random.Random(seed)
    steps = make_workflow_steps(dice)
    mutating = {step.id for step in steps if dict(step.payload).get("mode") == "mutate"}
    world = World(dice)
    faulty = FaultyLedger(ledger, world)
    connector = FaultyConnector(world, ledger, {"mutate": "mutate", "read": "read"}, tells=dice.choice([0.0, 0.3, 1.0]))
    inputs = make_inputs(*steps)
    result: OrchestrationResult | None = None
    for number in range(_DRIVES):
        world.danger = 0.15 if number < _DRIVES // 2 else 0.0  # In the end somebody gets through.
        try:
            result = drive(inputs, effects={"files": connector}, ledger=faulty)
        except Killed:
            continue
        finally:
            hold_invariants(world, ledger, mutating)
        if result.pending is None:
            break
        inputs = settle(result, connector) if world.happens(0.5) else result.inputs
    assert result is not None
    assert result.pending is None, "it never ended"
    hold_ending(result, world, mutating)


def settle(result: OrchestrationResult, connector: FaultyConnector) -> Checkpoint:
    """
    Have a person decide, or look and say what became of an effect.
    """
    assert result.pending is not None
    request, digest = result.pending.request, result.pending.digest
    if result.status == "waiting_human":
        answer = make_decision(request_digest=digest)
    else:
        assert result.pending.reason == "unknown"
        answer = Answer(request_digest=digest, outcome=connector.see(request))
    return result.inputs.answered_by((*result.inputs.answers, answer))


def hold_invariants(world: World, ledger: EffectLedger, mutating: set[str]) -> None:
    """
    Hold that nothing that mutates was done twice, and that what the ledger knows is so.
    """
    assert all(world.done[step] <= 1 for step in mutating), world.done
    if isinstance(ledger, MemoryLedger):
        for digest, outcome in ledger.outcomes.items():
            step = ledger.intents[digest].step_id
            if step in mutating and outcome.status != "unknown":
                assert world.done[step] == int(outcome.status == "succeeded")


def hold_ending(result: OrchestrationResult, world: World, mutating: set[str]) -> None:
    """
    Hold that the run says what was done, and that a stranger gets the same bytes without the world.
    """
    executed = [step.id for step in result.executed_steps]
    for step in mutating:
        succeeded = step in executed and step != result.failed_step_id
        assert world.done[step] == int(succeeded), (step, executed, result.failed_step_id)
    assert replay(RecordedRun.of(result)).receipt_bytes == result.receipt_bytes


@pytest.mark.parametrize("start", range(0, 10_000, 1000))
@pytest.mark.slow
def test_ten_thousand_seeds(start: int) -> None:
    """
    Each seed is a scenario; pytest prints the one that fails as the local `seed`.
    """
    for seed in range(start, start + 1000):
        play(seed, MemoryLedger())


@pytest.mark.parametrize("seed", [*range(60), *KNOWN])
def test_some_seeds(seed: int) -> None:
    """
    A few, so that a fault shows at once.
    """
    play(seed, MemoryLedger())


@pytest.mark.parametrize("seed", range(20))
def test_some_seeds_with_a_file(seed: int, tmp_path: Path) -> None:
    """
    The same with a ledger that other processes would see.
    """
    play(seed, SqliteEffectLedger.create(tmp_path / "effects.db", f"run-{seed}"))
