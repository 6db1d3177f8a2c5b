"""Measure the engine against the targets of DESIGN.md 11, and write the report.

`python tests/bench/engine.py [--out FILE]` ends with 1 when a target is missed. A target is a ratio of two things
measured side by side in this run, a multiple of a size, or the time of a whole process. Read `measure.py` for how it is
measured, `naive_engine.py` for what the engine is compared with.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

# The tree this file stands in is measured, whichever one is installed; its siblings are `bench.*` to the type checker.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import attrs
from bench.measure import least_process_seconds, least_seconds, peak_bytes
from bench.naive_engine import Change, run_naive
from bench.report import Row, publish, ratio_row, render, shown_time

from runtime.encoding.canonical import canonical
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration import ExecutionContext, Orchestrator, StepSpec, WorkflowDefinition
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

_REPORT: Final = "REPORT/BENCH/engine.md"
_METHOD: Final = """
- All cases of a table take turns in one process, round after round; each figure is the minimum of all samples. 1 KB and
  missions: 100 rounds, a turn is 5 ms, a sample the mean of 20 calls. Larger contexts: 9 rounds, a turn is 0.1 s, a
  sample one call. Processes: 15 rounds of one start, byte code cached.
- Garbage is collected before each turn and collection is off within it, for both sides; freeing what a call made counts.
- A run is `Orchestrator.run_workflow` on a built definition; its ExecutionContext is built inside the timed region.
- The floor is one `canonical()` and one SHA-256 of the whole state for the context and for each state that changed, and
  one SHA-256 for each ready lineage entry and the receipt.
- 1 KB is 1000 canonical bytes. Text contexts hold only strings, which encode fastest and so give the hardest floor; mixed
  ones hold numbers, strings, flags, lists and objects in turn. Large ones hold lists of small objects, 38 to the KB.
- The naive engine deep-copies the state twice at each step (to work on, and as the snapshot), applies the change, and
  takes SHA-256 of `json.dumps(sort_keys=True)`. Both engines are checked to end in the same state.
- Memory is the peak that `tracemalloc` sees from building the ExecutionContext to the result, over the canonical size;
  the caller's input is left out.
"""
_TREE: Final = Path(__file__).resolve().parents[2]
_KB: Final = 1000
_STEPS: Final = 5
_ITEMS: Final = 38
"""Small objects in one list of 1 KB."""

_run_workflow: Final = Orchestrator().run_workflow


def _text_member(index: int, width: int) -> Any:
    return f"{index:02}" + "x" * width


def _mixed_member(index: int, width: int) -> Any:
    text = f"{index:02}" + "x" * width
    return (index, text, bool(index % 2), [index, text], {"id": index, "name": text})[index % 5]


def _small_context(keys: int, member: Callable[[int, int], Any]) -> dict[str, Any]:
    """
    Make a context of just under 1 KB.
    """
    contexts = ({f"key_{index:02}": member(index, width) for index in range(keys)} for width in range(_KB, -1, -1))
    return next(context for context in contexts if len(canonical(context)) <= _KB)


def _large_context(lists: int, keys: int) -> dict[str, Any]:
    """
    Make a context of so many KB, spread evenly over its keys.
    """
    items = lists * _ITEMS // keys
    return {
        f"key_{key:04}": [{"id": index % _ITEMS, "n": key % 10, "ok": True} for index in range(items)]
        for key in range(keys)
    }


def _workflow(*payloads: dict[str, Any]) -> WorkflowDefinition:
    return WorkflowDefinition("wf-bench", [StepSpec(f"s{i}", "runtime", payload) for i, payload in enumerate(payloads)])


def _runner(definition: WorkflowDefinition, state: dict[str, Any]) -> Callable[[], object]:
    return lambda: _run_workflow(definition, ExecutionContext(state))


def _floor(definition: WorkflowDefinition, state: dict[str, Any]) -> Callable[[], None]:
    """
    Give the least that any engine with these promises must do for a run.
    """
    result = _run_workflow(definition, ExecutionContext(state))
    changed = [after for before, after in zip(result.states, result.states[1:], strict=False) if after is not before]
    documents = [state, *(after.thaw() for after in changed)]
    records = [*result.entry_bytes, result.receipt_bytes or b""]

    def run() -> None:
        for document in documents:
            sha256(canonical(document)).hexdigest()
        for record in records:
            sha256(record).hexdigest()

    return run


def measure_floor() -> Iterator[Row]:
    """
    Compare runs over 1 KB with the floor.
    """
    noop = _workflow(*[{"operation": "noop"}] * 4)
    candidates = {}
    targets = {}
    for content, member in (("text", _text_member), ("mixed", _mixed_member)):
        for keys in (8, 30):
            state = _small_context(keys, member)
            names = list(state)
            # Each key gets its neighbour's value, so every step changes a key and the size stays.
            edits = [
                {"operation": "set", "path": f"/{names[index]}", "value": state[names[index + 1]]}
                for index in range(_STEPS)
            ]
            for what, definition, at_most in (("4 noop steps", noop, 3.5), ("5 set steps", _workflow(*edits), 1.5)):
                case = f"{keys} keys, {content}: {what}"
                targets[case] = at_most
                candidates[case] = _runner(definition, state)
                candidates[f"{case}, floor"] = _floor(definition, state)
    seconds = least_seconds(candidates, rounds=100, batch=20, turn_seconds=0.005)
    for case, at_most in targets.items():
        yield ratio_row(case, seconds[case], seconds[f"{case}, floor"], at_most=at_most)


def _edit(keys: int) -> tuple[WorkflowDefinition, list[Change]]:
    """
    Give five changes of one number each, in different keys where there are so many, for both engines.
    """
    places = [(step % keys, step) for step in range(_STEPS)]
    payloads = [{"operation": "set", "path": f"/key_{key:04}/{item}/n", "value": 77} for key, item in places]
    return _workflow(*payloads), [((f"key_{key:04}", item, "n"), 77) for key, item in places]


@attrs.frozen
class _Large:
    """
    A large context: so many KB over so many keys, and what is asked of it.
    """

    lists: int
    keys: int
    faster: float | None = None
    memory: float | None = None

    @property
    def case(self) -> str:
        """
        Name it.
        """
        return f"{self.lists:,} KB in {self.keys:,} {'key' if self.keys == 1 else 'keys'}"

    def build_candidates(self) -> dict[str, Callable[[], object]]:
        """
        Give the engine, the engine with nothing to change, and the naive engine, over this context.
        """
        state = _large_context(self.lists, self.keys)
        definition, changes = _edit(self.keys)
        final = _run_workflow(definition, ExecutionContext(state)).final_state
        if sha256(json.dumps(final, sort_keys=True).encode()).hexdigest() != run_naive(state, changes)[-1]:
            sys.exit("the two engines did not do the same work")
        return {
            f"{self.case}, run": _runner(definition, state),
            f"{self.case}, idle": _runner(_workflow(*[{"operation": "noop"}] * _STEPS), state),
            f"{self.case}, naive": lambda: run_naive(state, changes),
        }

    def report(self, seconds: Mapping[str, float], peak: int) -> Iterator[Row]:
        """
        Give the rows.
        """
        run, idle, naive = (seconds[f"{self.case}, {who}"] for who in ("run", "idle", "naive"))
        yield ratio_row(f"{self.case}: naive / engine", naive, run, at_least=self.faster)
        yield Row(
            case=f"{self.case}: a step that changes {self.lists / self.keys:,g} KB",
            value=(run - idle) / _STEPS * 1e3,
            unit="ms",
            basis=f"({shown_time(run)} - {shown_time(idle)} with noop steps) / {_STEPS}",
        )
        size = len(canonical(_large_context(self.lists, self.keys)))
        basis = f"{peak:,} / {size:,} bytes"
        yield Row(case=f"{self.case}: peak memory", value=peak / size, unit="x size", basis=basis, at_most=self.memory)


def measure_large(*contexts: _Large) -> Iterator[Row]:
    """
    Compare runs over large contexts with the naive engine, and weigh them.
    """
    candidates = {name: call for context in contexts for name, call in context.build_candidates().items()}
    seconds = least_seconds(candidates, rounds=9, turn_seconds=0.1)
    for context in contexts:
        yield from context.report(seconds, peak_bytes(candidates[f"{context.case}, run"]))


def measure_processes() -> Iterator[Row]:
    """
    Time starting Python with the package, and the command's help.
    """
    mission = Path(sys.executable).with_name("mission")
    commands = {
        "bare": [sys.executable, "-c", "pass"],
        "import": [sys.executable, "-c", "import runtime.orchestration"],
    }
    if mission.exists():
        commands["help"] = [str(mission), "--help"]
    milliseconds = {
        name: seconds * 1e3 for name, seconds in least_process_seconds(commands, rounds=15, folder=_TREE).items()
    }
    yield Row(
        case="`import runtime.orchestration` above bare Python",
        value=milliseconds["import"] - milliseconds["bare"],
        unit="ms",
        basis=f"{milliseconds['import']:.1f} ms, bare {milliseconds['bare']:.1f} ms",
        at_most=80,
    )
    yield Row(
        case="`mission --help`",
        value=milliseconds.get("help"),
        unit="ms",
        basis="the whole process" if mission.exists() else "not installed",
        at_most=150,
    )


def measure_missions() -> Iterator[Row]:
    """
    Time a registered mission from start to receipt, and its replay.
    """
    example = MISSION_REGISTRY["change_request"].example
    state, params, answers = example.context.initial_state.thaw(), example.params.thaw(), example.answers
    number = count()

    def run(title: str = "Raise the limit") -> Any:
        return run_mission("change_request", ExecutionContext(state), {**params, "title": title}, answers=answers)

    record = RecordedRun.of(run())
    seconds = least_seconds(
        {"same": run, "own": lambda: run(f"Change {next(number)}"), "replay": lambda: replay(record)},
        rounds=100,
        batch=20,
        turn_seconds=0.005,
    )
    for case, name in (("the same params each time", "same"), ("its own params each time", "own")):
        basis = f"{shown_time(seconds[name])} a run, answers given in advance"
        yield Row(case=f"`change_request`, {case}", value=1 / seconds[name], unit="runs/s", basis=basis)
    yield ratio_row("`change_request`: replay / run", seconds["replay"], seconds["same"])


def main() -> int:
    """
    Measure everything and write the report.
    """
    parser = argparse.ArgumentParser(description="Measure the engine against its speed targets.")
    parser.add_argument("--out", type=Path, default=_TREE / _REPORT, help=f"the report (default {_REPORT})")
    out: Path = parser.parse_args().out
    tables = {
        "1 KB context: run / floor": list(measure_floor()),
        "1 MB context": list(
            measure_large(
                _Large(1000, 1000, faster=15, memory=4),
                _Large(1000, 100),
                _Large(1000, 10),
                _Large(1000, 1, faster=3),
            )
        ),
        "100 KB context": list(measure_large(_Large(100, 100), _Large(100, 1))),
        "Processes": list(measure_processes()),
        "Missions": list(measure_missions()),
    }
    text = render("Speed of the engine", command="python tests/bench/engine.py", method=_METHOD, tables=tables)
    return publish(out, text, tables)


if __name__ == "__main__":
    sys.exit(main())
