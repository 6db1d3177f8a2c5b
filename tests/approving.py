"""A gate that is signed, a port that knows ada, bob and eve, and short ways to decide."""

from typing import Any

from makers import make_gate, make_mission, make_step
from signers import make_key

from runtime.orchestration import Answer, Checkpoint, ExecutionContext, HumanDecision, Mission, OrchestrationResult
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.testing import ScriptedDecisions
from runtime.values import Opening
from runtime.values.signatures import sign_decision

__all__ = ["EXPIRY_MS", "approve", "begin", "begin_open", "go_on", "make_port", "make_signed", "sign"]

EXPIRY_MS = 60_000
STATE = {"change": {"requested_by": "grace"}}


def make_port() -> ScriptedDecisions:
    """
    Make a port that knows one key each of ada, bob, eve and grace.
    """
    return ScriptedDecisions(keys={name: [make_key(name).public] for name in ("ada", "bob", "eve", "grace")})


def make_signed(*after: Any, **payload: Any) -> Mission:
    """
    Make a mission whose gate is signed and expires, with steps after it.
    """
    fields = {"signed": True, "expires_after_ms": EXPIRY_MS, "output": "/decision", **payload}
    return make_mission(make_gate(**fields), *(after or [make_step("after", "set", path="/done", value=True)]))


def begin(mission: Mission, port: ScriptedDecisions | None, **keywords: Any) -> OrchestrationResult:
    """
    Run it until it waits.
    """
    return run_mission("made", ExecutionContext(STATE), registry={"made": mission}, decisions=port, **keywords)


def begin_open(mission: Mission, port: ScriptedDecisions) -> tuple[Checkpoint, Opening]:
    """
    Run it until it waits; give the checkpoint, and what its request is open under.
    """
    waiting = begin(mission, port)
    assert waiting.checkpoint is not None
    assert waiting.opening is not None
    return waiting.checkpoint, waiting.opening


def sign(opening: Opening, actor: str = "ada", *, key: str = "", **changes: Any) -> HumanDecision:
    """
    Sign an approval with the key of its actor, or another one's.
    """
    decision = HumanDecision(**{"actor": actor, "choice": "approve", "reason": "looks right", **changes})
    return sign_decision(decision, opening, make_key(key or actor))


def approve(opening: Opening, *actors: str, **changes: Any) -> Answer:
    """
    Answer a request with signed decisions.
    """
    decisions = [sign(opening, actor, **changes) for actor in actors or ("ada",)]
    return Answer(request_digest=opening.request_digest, decisions=decisions)


def go_on(
    mission: Mission, port: ScriptedDecisions | None, checkpoint: Checkpoint, *answers: Answer, **keywords: Any
) -> OrchestrationResult:
    """
    Resume it with answers.
    """
    return resume_mission(checkpoint, answers, registry={"made": mission}, decisions=port, **keywords)
