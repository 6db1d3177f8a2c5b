"""Check 7: each decision is about what the run asked, is one that the step takes, and is by whom it says.

Who decided is only known where the decision is signed and the checker trusts the key; everything else is the word of
the supplier. Nothing here needs a re-execution: what was asked stands in the bundle, and check 10 says whether it is so.
"""

from collections import Counter
from collections.abc import Iterator
from typing import final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.frozen import JsonObject
from runtime.errors import AnswerRefusedError, DefinitionError, InvalidSignatureError
from runtime.evidence.checking.outcomes import Finding, Material, asserted, failed, failed_by, nothing, passed
from runtime.orchestration.gate import build_question, find_denial, verify_answer
from runtime.orchestration.payloads_asking import HumanPayload
from runtime.orchestration.prepare import PreparedStep, prepare
from runtime.values.answers import Answer
from runtime.values.decisions import DecisionSignature, HumanDecision
from runtime.values.requests import HumanAsk, Request
from runtime.values.signatures import verify_decision

__all__ = ["Gate", "check_decisions", "check_expiry", "check_single_use", "list_gates"]


@final
@attrs.frozen(kw_only=True)
class Gate:
    """
    A question that was put to people, and their answer to it.
    """

    request: Request
    ask: HumanAsk
    answer: Answer

    @property
    def name(self) -> str:
        """
        How a report names it.
        """
        return f"step {self.request.step_id!r}"

    @property
    def signatures(self) -> list[DecisionSignature]:
        """
        The signatures of its decisions.
        """
        return [decision.signature for decision in self.answer.decisions if decision.signature is not None]


def list_gates(material: Material) -> list[Gate]:
    """
    List what people were asked and answered, in order.
    """
    answers = {answer.request_digest: answer for answer in material.parts["answers"] if answer.decisions}
    asked = [(request, answers.get(request.digest)) for request in material.parts["requests"]]
    return [
        Gate(request=request, ask=request.ask, answer=answer)
        for request, answer in asked
        if answer is not None and isinstance(request.ask, HumanAsk)
    ]


def check_decisions(material: Material) -> Finding:
    """
    Check 7a: decisions are bound to what was asked, are allowed, and are by the people they name.
    """
    gates = list_gates(material)
    count = sum(1 for answer in material.parts["answers"] if answer.decisions)
    if count != len(gates):
        return failed(f"{count - len(gates)} of {count} decisions are about nothing that a person was asked")
    passed_by = _list_passed_by(material, gates)
    wrong = [f"steps {passed_by} ask a person, and the run went past them without a decision"] if passed_by else []
    if not count:
        return failed_by(wrong) if wrong else nothing("nobody decided anything in this run")
    try:
        steps = prepare(material.parts["definition"])
    except DefinitionError as error:
        return failed(f"the workflow is refused: {error.what}")
    wrong += [f"{gate.name}: {fault}" for gate in gates for fault in _list_faults(material, steps, gate)]
    if wrong:
        return failed_by(wrong)
    doubts = [f"{gate.name}: {doubt}" for gate in gates for doubt in _list_doubts(material, gate)]
    said = "; ".join(f"{gate.name}: {_say(material, gate)}" for gate in gates)
    return asserted(f"{said}; but {'; '.join(doubts)}") if doubts else passed(said)


def _list_passed_by(material: Material, gates: list[Gate]) -> list[str]:
    """
    List the steps that ask a person and that the lineage goes past, or ends at, without a decision of one.

    An answer alone is not enough: it could be the outcome of an effect. A step is skipped only where it waits for a
    flag. Whether there was one is for check 10.
    """
    decided = {gate.request.digest for gate in gates}
    pairs = zip(material.parts["definition"].steps, material.parts["lineage"], strict=False)
    return [
        step.id
        for step, entry in pairs
        if step.kind == "human"
        and entry["request_digest"] not in decided
        and (
            entry["status"] in ("completed", "denied")
            or (entry["status"] == "skipped" and step.payload.thaw().get("when") != "flagged")
        )
    ]


def _list_faults(material: Material, steps: tuple[PreparedStep, ...], gate: Gate) -> Iterator[str]:
    """
    List what is wrong with a decision, whoever made it.
    """
    request = gate.request
    index = request.sequence - 1
    entry = material.parts["lineage"][index] if 0 <= index < len(material.parts["lineage"]) else None
    if entry is None or not index < len(steps):
        yield "no such step was taken"
        return
    expected = {
        "run_digest": material.header_digest,
        "step_id": steps[index].spec.id,
        "lineage_head": entry["previous"],
        "input_digest": entry["input_digest"],
    }
    own = unstructure(request)
    yield from (f"the request's {name} is not that of this run" for name in expected if own[name] != expected[name])
    if (entry["request_digest"], entry["answer_digest"]) != (request.digest, gate.answer.digest):
        yield "the lineage names another request or answer"
    payload = steps[index].payload
    if not isinstance(payload, HumanPayload):
        yield "the step asks no person"
        return
    question = build_question(payload, shown=gate.ask.shown, not_by=gate.ask.not_by)
    if canonical_record(unstructure(question)) != canonical_record(unstructure(gate.ask)):
        yield "the step asks something else than the request says"
        return
    try:
        verify_answer(payload, gate.answer, step_id=request.step_id, ask=gate.ask)
    except AnswerRefusedError as error:
        yield "; ".join(map(str, error.faults)) or error.what
    else:
        yield from _list_other_endings(payload, gate.answer, entry)
    yield from _list_forgeries(material, gate)


def _list_other_endings(payload: HumanPayload, answer: Answer, entry: JsonObject) -> Iterator[str]:
    """
    Say where the lineage goes on from a decision otherwise than its step does.

    One that denies nothing may still fail the step: its `output` may have no place in the state.
    """
    denial = find_denial(payload, answer)
    if denial is None and entry["status"] == "failed":
        return
    status, code = ("completed", None) if denial is None else ("denied", denial[0].value)
    if (entry["status"], entry["error_code"]) != (status, code):
        yield f"by what was decided it is {status}, and the lineage says {entry['status']}"


def _list_forgeries(material: Material, gate: Gate) -> Iterator[str]:
    """
    List the decisions that are not by a trusted approver, where the trust file names any.
    """
    if material.trust is None or not material.trust.approvers:
        return
    for decision in gate.answer.decisions:
        if decision.actor is None:
            continue
        approver = material.trust.find_approver(decision.actor)
        if approver is None:
            yield f"{decision.actor!r} is no approver that is trusted"
        elif decision.signature is not None:
            try:
                verify_decision(decision, request_digest=gate.request.digest, keys=approver.keys)
            except InvalidSignatureError as error:
                yield error.what


def _list_doubts(material: Material, gate: Gate) -> Iterator[str]:
    """
    List what only the supplier says of a decision that holds together.
    """
    if any(decision.is_expired for decision in gate.answer.decisions):
        yield "that nobody decided in time is the word of whoever ran it"
    elif not gate.ask.signed:
        yield "it is not signed, so a name is only a name"
    elif material.trust is None or not material.trust.approvers:
        yield "no approver's key is trusted here"


def _say(material: Material, gate: Gate) -> str:
    return ", ".join(f"{decision.choice!r}{_say_actor(material, decision)}" for decision in gate.answer.decisions)


def _say_actor(material: Material, decision: HumanDecision) -> str:
    if decision.actor is None:
        return ""
    approver = None if material.trust is None else material.trust.find_approver(decision.actor)
    roles = f" ({', '.join(approver.roles)})" if approver is not None and approver.roles else ""
    return f" by {decision.actor!r}{roles}"


def check_expiry(material: Material) -> Finding:
    """
    Check 7b: what was signed says until when the request was open, exactly where the step sets a time to decide.

    When it was decided only the driver saw: without a clock that the checker trusts, that it was in time is its word.
    """
    gates = [gate for gate in list_gates(material) if gate.ask.expires_after_ms is not None or gate.signatures]
    wrong = [
        f"{gate.name} {'expires' if gate.ask.expires_after_ms else 'does not expire'}, and what was signed says otherwise"
        for gate in gates
        if any((signed.expires_at is None) is not (gate.ask.expires_after_ms is None) for signed in gate.signatures)
    ]
    wrong += [
        f"{gate.name}: people decided under different expiries"
        for gate in gates
        if len({signed.expires_at for signed in gate.signatures}) > 1
    ]
    if wrong:
        return failed_by(wrong)
    timed = [gate for gate in gates if gate.ask.expires_after_ms is not None]
    if not timed:
        return nothing("no request of this run expires")
    until = [f"{gate.name}{_say_until(gate)}" for gate in timed]
    return asserted(f"decided in time, says whoever ran it: {'; '.join(until)}")


def _say_until(gate: Gate) -> str:
    return f", open until {gate.signatures[0].expires_at}" if gate.signatures else ", unsigned, so without a time"


def check_single_use(material: Material) -> Finding:
    """
    Check 7c: no two requests of this run were decided under one nonce, and those who decide together share theirs.

    That no other run used it can only be seen in a log of all runs.
    """
    gates = [gate for gate in list_gates(material) if gate.signatures]
    if not gates:
        return nothing("the run holds no nonce: no decision of it is signed")
    shared = [gate.name for gate in gates if len({signed.nonce for signed in gate.signatures}) > 1]
    uses = Counter(nonce for gate in gates for nonce in {signed.nonce for signed in gate.signatures})
    wrong = [f"{name}: people decided under different nonces" for name in shared]
    wrong += [f"nonce {nonce} was used {times} times" for nonce, times in sorted(uses.items()) if times > 1]
    if wrong:
        return failed_by(wrong)
    return asserted("each nonce was used once in this run; whether another run used it, this bundle cannot tell")
