"""Decisions that the driver checks: signed ones, those with a time limit, and every way to cheat with them."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from approving import EXPIRY_MS, approve, begin, begin_open, go_on, make_port, make_signed, sign
from makers import make_action, make_decision, make_gate, make_mission, make_outcome, make_step, run
from signers import make_key

from runtime.errors import DecisionRefusedError, DefinitionError, InvalidAnswerError, UnverifiedAnswerError
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import Answer, Checkpoint, ExecutionContext, HumanDecision, execute
from runtime.orchestration.drive import drive
from runtime.orchestration.planner import plan_mission, run_planned
from runtime.testing import MemoryLedger, ScriptedConnector, ScriptedDecisions
from runtime.values import EXPIRED, Opening

MISSION = make_signed()
TIMED = make_signed(signed=False)
NOBODY = HumanDecision(actor=None, choice=EXPIRED)


def unsigned(**changes: Any) -> Answer:
    """
    Approve in advance, without a signature.
    """
    return make_decision(**changes)


class TestWithoutThePort:
    """
    "Without it a step with `signed` or an expiry accepts no answer."
    """

    @pytest.mark.parametrize(
        "mission", [MISSION, TIMED, make_signed(expires_after_ms=None)], ids=["both", "timed", "signed"]
    )
    def test_a_run_waits_and_takes_no_answer(self, mission: Any) -> None:
        """
        It waits, with nothing open; an answer that would fit is refused, however it is given.
        """
        port = make_port()
        checkpoint, opening = begin_open(mission, port)
        waiting = begin(mission, None)
        assert (waiting.status, waiting.opening, waiting.inputs) == ("waiting_human", None, checkpoint)
        is_signed = dict(mission({}).steps[0].payload)["signed"]
        answer = approve(opening) if is_signed else make_decision(request_digest=opening.request_digest)
        ways: tuple[Callable[[], object], ...] = (
            lambda: begin(mission, None, answers=[answer]),
            lambda: go_on(mission, None, checkpoint, answer),
            lambda: run(
                {"change": {"requested_by": "grace"}},
                *mission({}).steps,
                answers=[attrs.evolve(answer, request_digest=None, step_id="gate")],
            ),
            lambda: run_planned(
                plan_mission(
                    "made", None, ExecutionContext({"change": {"requested_by": "grace"}}), registry={"made": mission}
                ),
                answers=[answer],
                registry={"made": mission},
            ),
        )
        for refused in ways:
            with pytest.raises(UnverifiedAnswerError, match="nothing here can check it") as caught:
                refused()
            assert caught.value.where == "gate"

    def test_the_engine_itself_executes_what_was_recorded(self) -> None:
        """
        So a replay needs neither keys nor a clock.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        ended = go_on(MISSION, port, checkpoint, approve(opening))
        assert replay(RecordedRun.of(ended)).receipt_bytes == ended.receipt_bytes


class TestASignedDecision:
    """
    "With it every decision is verified."
    """

    def test_lets_the_run_go_on(self) -> None:
        """
        The state holds what was decided, the answer the signature.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        result = go_on(MISSION, port, checkpoint, approve(opening))
        assert (result.status, result.final_state["done"]) == ("completed", True)
        assert result.final_state["decision"] == {
            "actor": "ada",
            "choice": "approve",
            "reason": "looks right",
            "input": None,
        }
        [decision] = result.inputs.answers[0].decisions
        assert decision.signature is not None
        assert (decision.signature.nonce, decision.signature.expires_at) == (opening.nonce, opening.expires_at)

    def test_may_come_with_the_next_start_of_the_same_run(self) -> None:
        """
        Answers given at once leave the bytes of answers given one by one.
        """
        port, other = make_port(), make_port()
        (checkpoint, opening), (_, same) = begin_open(MISSION, port), begin_open(MISSION, other)
        assert opening == same
        first = begin(MISSION, port, answers=[approve(opening)])
        second = go_on(MISSION, other, checkpoint, approve(opening))
        assert (first.receipt_bytes, first.inputs.raw) == (second.receipt_bytes, second.inputs.raw)

    def test_is_taken_by_a_planned_run(self) -> None:
        """
        `run_planned` hands the port on.
        """
        port = make_port()
        registry = {"made": MISSION}
        plan = plan_mission("made", registry=registry)
        opening = run_planned(plan, decisions=port, registry=registry).opening
        assert opening is not None
        assert run_planned(plan, answers=[approve(opening)], decisions=port, registry=registry).success

    def test_may_reject(self) -> None:
        """
        A rejection is signed like any decision.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        assert go_on(MISSION, port, checkpoint, approve(opening, choice="reject")).error_code == "gate_rejected"

    def test_of_a_quorum_is_signed_by_each(self) -> None:
        """
        One nonce, two signatures.
        """
        mission, port = make_signed(quorum=2), make_port()
        checkpoint, opening = begin_open(mission, port)
        assert go_on(mission, port, checkpoint, approve(opening, "ada", "bob")).success


def _changed(opening: Opening, **changes: Any) -> Answer:
    return Answer(request_digest=opening.request_digest, decision=attrs.evolve(sign(opening), **changes))


def _revoked(opening: Opening, port: ScriptedDecisions) -> Answer:
    port.revoked.add(make_key("ada").public.key_id)
    return approve(opening)


def _late(opening: Opening, port: ScriptedDecisions) -> Answer:
    port.advance(EXPIRY_MS)
    return approve(opening)


def _resigned(opening: Opening, **changes: Any) -> Answer:
    # Signed by ada herself, under other terms than the request is open under.
    return Answer(request_digest=opening.request_digest, decision=sign(attrs.evolve(opening, **changes)))


CHEATS: dict[str, tuple[Callable[[Opening, ScriptedDecisions], Answer], str]] = {
    "a_foreign_key": (lambda opening, _: approve(opening, key="mallory"), "is none of 'ada'"),
    "the_key_of_another_approver": (lambda opening, _: approve(opening, key="bob"), "is none of 'ada'"),
    "another_request": (
        lambda opening, _: attrs.evolve(
            approve(attrs.evolve(opening, request_digest="sha256:" + "0" * 64)), request_digest=opening.request_digest
        ),
        "is not this decision on this request",
    ),
    "a_changed_choice": (lambda opening, _: _changed(opening, choice="reject"), "is not this decision"),
    "a_changed_reason": (lambda opening, _: _changed(opening, reason="!"), "is not this decision"),
    "a_changed_actor": (lambda opening, _: _changed(opening, actor="bob"), "is none of 'bob'"),
    "another_nonce": (
        lambda opening, _: _resigned(opening, nonce="f" * 32),
        "a nonce under which the request is not open",
    ),
    "a_later_expiry": (lambda opening, _: _resigned(opening, expires_at="2999-01-01T00:00:00.000Z"), "expiry '2999"),
    "no_expiry": (lambda opening, _: _resigned(opening, expires_at=None), "expiry None"),
    "a_revoked_key": (_revoked, "is revoked"),
    "a_late_decision": (_late, "is over"),
    "expired_before_the_time": (
        lambda opening, _: Answer(request_digest=opening.request_digest, decision=NOBODY),
        "is not over",
    ),
}


class TestEveryWayToCheat:
    """
    INV-68: a decision that the port does not vouch for is refused, and nothing is recorded.
    """

    @pytest.mark.parametrize("case", CHEATS)
    def test_is_refused(self, case: str) -> None:
        """
        And an honest decision still counts afterwards, unless the time is over.
        """
        cheat, message = CHEATS[case]
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        with pytest.raises(DecisionRefusedError, match=message) as refused:
            go_on(MISSION, port, checkpoint, cheat(opening, port))
        assert refused.value.remedy
        assert refused.value.result is None
        assert port.uses == {}
        port.revoked.clear()
        expected = "gate_expired" if case == "a_late_decision" else None
        if expected is None:
            assert go_on(MISSION, port, checkpoint, approve(opening)).success
        else:
            assert go_on(MISSION, port, checkpoint).error_code == expected

    def test_with_a_changed_input(self) -> None:
        """
        The input is signed too.
        """
        mission, port = make_signed(input_schema={"type": "object"}), make_port()
        checkpoint, opening = begin_open(mission, port)
        answer = Answer(
            request_digest=opening.request_digest,
            decision=attrs.evolve(sign(opening, input={"n": 1}), input={"n": 2}),
        )
        with pytest.raises(DecisionRefusedError, match="is not this decision"):
            go_on(mission, port, checkpoint, answer)
        assert go_on(mission, port, checkpoint, approve(opening, input={"n": 1})).success

    def test_with_no_signature(self) -> None:
        """
        The engine itself refuses it, in advance and bound.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        for answer in (unsigned(), unsigned(request_digest=opening.request_digest)):
            with pytest.raises(InvalidAnswerError) as refused:
                go_on(MISSION, port, checkpoint, answer)
            assert [fault.where for fault in refused.value.faults] == ["signature"]

    def test_with_a_signature_nobody_asked_for(self) -> None:
        """
        It would stand in the record as if somebody had checked it.
        """
        port = make_port()
        checkpoint, opening = begin_open(TIMED, port)
        with pytest.raises(InvalidAnswerError) as refused:
            go_on(TIMED, port, checkpoint, approve(opening))
        assert [fault.message for fault in refused.value.faults] == ["this step takes no signature"]

    def test_with_a_decision_used_before(self) -> None:
        """
        An equal run makes an equal request; the nonce of the first does not serve the second, started anew or not.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        answer = approve(opening)
        assert go_on(MISSION, port, checkpoint, answer).success
        ways: tuple[Callable[[], object], ...] = (
            lambda: begin(MISSION, port, answers=[answer]),
            lambda: go_on(MISSION, port, checkpoint, answer),
            lambda: go_on(MISSION, port, checkpoint, approve(opening, "bob")),
        )
        for again in ways:
            with pytest.raises(DecisionRefusedError, match="a nonce that was used before"):
                again()
        again_open = begin_open(MISSION, port)[1]
        assert again_open.request_digest == opening.request_digest
        with pytest.raises(DecisionRefusedError, match="a nonce under which the request is not open"):
            go_on(MISSION, port, checkpoint, answer)
        assert go_on(MISSION, port, checkpoint, approve(again_open)).success

    def test_with_a_request_that_was_never_opened(self) -> None:
        """
        A nonce that somebody made up opens nothing.
        """
        _, opening = begin_open(MISSION, make_port())
        with pytest.raises(DecisionRefusedError, match="a request that is not open"):
            begin(MISSION, make_port(), answers=[approve(opening)])

    def test_with_one_actor_twice(self) -> None:
        """
        Two decisions of one person are no quorum.
        """
        mission, port = make_signed(quorum=2), make_port()
        _, opening = begin_open(mission, port)
        with pytest.raises(DefinitionError, match="each decides once"):
            approve(opening, "ada", "ada")

    def test_with_one_signature_of_two_missing_or_foreign(self) -> None:
        """
        Each decision of a quorum is checked.
        """
        mission, port = make_signed(quorum=2), make_port()
        checkpoint, opening = begin_open(mission, port)
        honest, forged = sign(opening, "ada"), sign(opening, "bob", key="ada")
        with pytest.raises(DecisionRefusedError, match="is none of 'bob'"):
            go_on(mission, port, checkpoint, Answer(request_digest=opening.request_digest, decisions=[honest, forged]))
        bare = HumanDecision(actor="bob", choice="approve")
        with pytest.raises(InvalidAnswerError):
            go_on(mission, port, checkpoint, Answer(request_digest=opening.request_digest, decisions=[honest, bare]))

    def test_with_a_crafted_checkpoint(self) -> None:
        """
        A signed answer inside a checkpoint is checked like a new one, unless it is the one that used its nonce up.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        forged = checkpoint.answered_by((approve(opening, key="mallory"),))
        with pytest.raises(DecisionRefusedError, match="is none of 'ada'"):
            go_on(MISSION, port, forged)
        taken = checkpoint.answered_by((approve(opening),))
        assert go_on(MISSION, port, taken).success
        port.advance(EXPIRY_MS)
        assert go_on(MISSION, port, taken).success
        other = checkpoint.answered_by((approve(opening, "bob"),))
        with pytest.raises(DecisionRefusedError):
            go_on(MISSION, port, other)


class TestTheRequester:
    """
    "The requester is not the approver": `not_by` points at who may not decide.
    """

    GATE = make_gate(not_by="/change/requested_by")

    def test_may_not_decide(self) -> None:
        """
        The request names them, and their decision is refused, signed or not.
        """
        mission, port = make_signed(not_by="/change/requested_by"), make_port()
        checkpoint, opening = begin_open(mission, port)
        asked: Any = begin(mission, port).to_dict()["pending"]
        assert asked["request"]["ask"]["not_by"] == ["grace"]
        opening = port.openings[opening.request_digest]
        with pytest.raises(InvalidAnswerError) as refused:
            go_on(mission, port, checkpoint, approve(opening, "grace"))
        assert [fault.message for fault in refused.value.faults] == ["actor 'grace', who may not decide this"]
        assert go_on(mission, port, checkpoint, approve(opening, "ada")).success

    def test_may_be_several(self) -> None:
        """
        A list of names, each once, sorted.
        """
        pending: Any = run({"change": {"requested_by": ["b", "a", "b"]}}, self.GATE).to_dict()["pending"]
        assert pending["request"]["ask"]["not_by"] == ["a", "b"]

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            ({}, "path_missing"),
            ({"change": {"requested_by": None}}, "wrong_type"),
            ({"change": {"requested_by": ["a", 1]}}, "wrong_type"),
            ({"change": {"requested_by": {"name": "a"}}}, "wrong_type"),
        ],
        ids=["nobody", "null", "a_number_among_names", "an_object"],
    )
    def test_must_be_known(self, state: dict[str, Any], code: str) -> None:
        """
        Whoever cannot be named cannot be kept from deciding, so nobody is asked.
        """
        assert run(state, self.GATE).error_code == code


class TestAnExpiry:
    """
    "An expired request: the driver feeds an unsigned decision `expired`, and the run is denied."
    """

    @pytest.mark.parametrize("mission", [MISSION, TIMED], ids=["signed", "unsigned"])
    def test_denies_the_run(self, mission: Any) -> None:
        """
        The record says that nobody decided, and replays.
        """
        port = make_port()
        checkpoint, _ = begin_open(mission, port)
        port.advance(EXPIRY_MS - 1)
        assert go_on(mission, port, checkpoint).status == "waiting_human"
        port.advance(1)
        result = go_on(mission, port, checkpoint)
        assert (result.status, result.error_code) == ("denied", "gate_expired")
        assert result.error_message == "Step 'gate' denied: nobody decided in time"
        assert result.inputs.answers[0].decisions == (NOBODY,)
        assert replay(RecordedRun.of(result)).receipt_bytes == result.receipt_bytes

    def test_denies_also_where_a_rejection_goes_on(self) -> None:
        """
        Nobody said anything, so there is nothing to go on with.
        """
        mission, port = make_signed(on_reject="continue"), make_port()
        checkpoint, _ = begin_open(mission, port)
        port.advance(EXPIRY_MS)
        assert go_on(mission, port, checkpoint).error_code == "gate_expired"

    def test_is_over_once(self) -> None:
        """
        After it, a late decision on the same request is refused, and a run that waits stays as it is.
        """
        port = make_port()
        checkpoint, opening = begin_open(TIMED, port)
        port.advance(EXPIRY_MS)
        assert go_on(TIMED, port, checkpoint).error_code == "gate_expired"
        late = make_decision(request_digest=opening.request_digest)
        with pytest.raises(DecisionRefusedError):
            go_on(TIMED, port, checkpoint, late)
        assert go_on(TIMED, port, checkpoint).status == "waiting_human"

    def test_counts_from_when_it_is_asked(self) -> None:
        """
        A decision in advance is in time, and a new run asks anew.
        """
        port = make_port()
        assert begin(TIMED, port, answers=[unsigned()]).success
        port.advance(EXPIRY_MS * 2)
        assert begin(TIMED, port, answers=[unsigned()]).success
        assert begin(TIMED, port).status == "waiting_human"

    def test_of_a_later_gate_counts_from_there(self) -> None:
        """
        The second request is opened when the first has its answer.
        """
        mission = make_mission(make_gate("first"), make_gate("second", expires_after_ms=EXPIRY_MS))
        port = make_port()
        first = begin(mission, port)
        assert (first.opening, first.status) == (None, "waiting_human")
        assert first.checkpoint is not None
        port.advance(EXPIRY_MS)
        second = go_on(mission, port, first.checkpoint, unsigned(step_id="first"))
        assert second.opening is not None
        assert second.opening.expires_at == port.now(EXPIRY_MS)
        ended = go_on(mission, port, first.checkpoint, unsigned(step_id="first"), unsigned(step_id="second"))
        assert ended.success
        assert second.checkpoint is not None
        assert go_on(mission, port, ended.inputs).success

    def test_cannot_be_given_where_there_is_none(self) -> None:
        """
        A step without a time limit does not expire.
        """
        with pytest.raises(InvalidAnswerError, match="a decision that step 'gate' does not allow"):
            run({}, make_gate(), answers=[Answer(step_id="gate", decision=NOBODY)])

    def test_is_read_from_a_clock_that_tells_the_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        What is no time would come before or after any time.
        """
        monkeypatch.setattr(ScriptedDecisions, "now", lambda *_: "soon")
        with pytest.raises(DefinitionError, match="the port says that it is 'soon'"):
            begin(TIMED, make_port())


class TestTheOpening:
    """
    "Nonce and expiry of an open request travel beside the checkpoint, undigested."
    """

    def test_is_told_and_not_digested(self) -> None:
        """
        The checkpoint is the same without it.
        """
        port = make_port()
        result = begin(MISSION, port)
        assert result.to_dict()["opening"] == {
            "schema": "opening/v1",
            "request_digest": result.pending and result.pending.digest,
            "nonce": f"{1:032x}",
            "expires_at": port.now(EXPIRY_MS),
        }
        assert result.inputs.raw == execute(result.inputs).inputs.raw

    def test_stays_while_the_run_waits(self) -> None:
        """
        A resumed run is open as it was; a run that begins is opened anew.
        """
        port = make_port()
        checkpoint, opening = begin_open(MISSION, port)
        port.advance(1)
        assert go_on(MISSION, port, checkpoint).opening == opening
        assert begin(MISSION, port).opening != opening

    def test_is_made_where_the_run_was_not_known(self) -> None:
        """
        A checkpoint that comes from elsewhere is opened here.
        """
        checkpoint, _ = begin_open(MISSION, make_port())
        port = make_port()
        opening = go_on(MISSION, port, checkpoint).opening
        assert opening is not None
        assert go_on(MISSION, port, checkpoint, approve(opening)).success

    def test_is_not_needed_elsewhere(self) -> None:
        """
        Effects, and gates for anybody at any time, are not opened.
        """
        port = make_port()
        for mission in (make_mission(make_gate()), make_mission(make_action())):
            assert begin(mission, port).opening is None
        assert begin(make_mission(make_gate()), port, answers=[unsigned()]).opening is None
        assert port.calls == {}


MUTATE = make_action(mode="mutate", output="/out")


def _effects(*outcomes: Any) -> dict[str, Any]:
    connector = ScriptedConnector({"copy": outcomes or [make_outcome()]}, mutating=["copy"])
    return {"effects": {"files": connector}, "ledger": MemoryLedger()}


class TestBeforeAnEffect:
    """
    INV-69: a mutating effect is not performed when a signed decision the run rests on no longer holds.
    """

    @staticmethod
    def _ready() -> tuple[Any, ScriptedDecisions, Checkpoint, dict[str, Any]]:
        """
        A run whose gate was decided and whose effect waits.
        """
        mission, port = make_signed(MUTATE), make_port()
        waiting = begin(mission, port, mode="apply")
        assert waiting.opening is not None
        assert waiting.checkpoint is not None
        result = go_on(mission, port, waiting.checkpoint, approve(waiting.opening))
        assert result.status == "waiting_effect"
        return mission, port, result.inputs, _effects()

    def test_what_holds_is_performed(self) -> None:
        """
        The signature is looked at once more.
        """
        mission, port, inputs, world = self._ready()
        before = port.calls["verify"]
        assert go_on(mission, port, inputs, **world).success
        assert port.calls["verify"] == before + 1

    @pytest.mark.parametrize("case", ["expired", "expired_at_the_moment", "revoked", "key_gone"])
    def test_what_holds_no_longer_is_not(self, case: str) -> None:
        """
        The run ends with the effect as known not done, and the connector was not called.
        """
        mission, port, inputs, world = self._ready()
        match case:
            case "expired":
                port.advance(EXPIRY_MS + 1)
            case "expired_at_the_moment":
                port.advance(EXPIRY_MS)
            case "revoked":
                port.revoked.add(make_key("ada").public.key_id)
            case "key_gone":
                port.keys = {}
        result = go_on(mission, port, inputs, **world)
        assert (result.status, result.error_code, result.failed_step_id) == ("failed", "effect_failed", "act")
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert (outcome.status, outcome.code) == ("failed", "approval_stale")
        assert (world["effects"]["files"].calls, world["ledger"].intents, world["ledger"].outcomes) == ([], {}, {})
        assert replay(RecordedRun.of(result)).receipt_bytes == result.receipt_bytes

    def test_what_was_begun_before_stays_unknown(self) -> None:
        """
        An intent without an outcome may have been carried out: a lapsed approval does not make it undone.
        """
        mission, port, inputs, world = self._ready()
        pending = execute(inputs).pending
        assert pending is not None
        world["ledger"].record_intent(pending.request)
        port.advance(EXPIRY_MS)
        result = go_on(mission, port, inputs, **world)
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")

    def test_reading_needs_no_second_look(self) -> None:
        """
        Only what changes something rests on the approval.
        """
        mission, port = make_signed(make_action()), make_port()
        checkpoint, opening = begin_open(mission, port)
        waiting = go_on(mission, port, checkpoint, approve(opening))
        port.advance(EXPIRY_MS)
        assert go_on(mission, port, waiting.inputs, **_reading()).success

    def test_without_signed_decisions_there_is_nothing_to_look_at(self) -> None:
        """
        With a port and without one.
        """
        mission = make_mission(make_gate(), MUTATE)
        for port in (make_port(), None):
            assert begin(mission, port, answers=[unsigned()], mode="apply", **_effects()).success
        timed = make_signed(MUTATE, signed=False)
        assert begin(timed, make_port(), answers=[unsigned()], mode="apply", **_effects()).success

    def test_no_effect_rests_on_a_decision_that_was_not_checked(self) -> None:
        """
        A forged decision is refused before the effect behind it, a missing port too.
        """
        mission, port = make_signed(MUTATE), make_port()
        waiting = begin(mission, port, mode="apply")
        assert waiting.opening is not None
        for other, error, key in ((port, DecisionRefusedError, "mallory"), (None, UnverifiedAnswerError, "ada")):
            world = _effects()
            with pytest.raises(error):
                begin(mission, other, answers=[approve(waiting.opening, key=key)], mode="apply", **world)
            assert world["ledger"].intents == {}

    def test_an_effect_that_was_done_goes_along_with_the_refusal(self) -> None:
        """
        A decision behind it that cannot be taken is refused; the outcome is not lost.
        """
        mission = make_mission(MUTATE, make_gate(signed=True))
        port = make_port()
        waiting = begin(mission, port, mode="apply", **_effects())
        assert waiting.opening is not None
        with pytest.raises(DecisionRefusedError) as refused:
            begin(mission, port, answers=[approve(waiting.opening, key="mallory")], mode="apply", **_effects())
        result: Any = refused.value.result
        assert (result.status, len(result.inputs.answers)) == ("waiting_human", 1)


def test_a_decision_is_taken_once_for_several_effects() -> None:
    """
    Its nonce is used up before the first, and the second rests on the same decision.
    """
    mission, port = make_signed(make_action("one"), make_action("two")), make_port()
    checkpoint, opening = begin_open(mission, port)
    connector = ScriptedConnector({"copy": [make_outcome(), make_outcome()]})
    assert go_on(mission, port, checkpoint, approve(opening), effects={"files": connector}).success


def _reading() -> dict[str, Any]:
    return {"effects": {"files": ScriptedConnector({"copy": [make_outcome()]})}}


def test_a_drive_without_settled_answers_begins() -> None:
    """
    `drive` itself is used by shells: what is not named as settled is new.
    """
    port = make_port()
    checkpoint, opening = begin_open(MISSION, port)
    answered = checkpoint.answered_by((approve(opening),))
    assert drive(answered, decisions=port).success
    with pytest.raises(DecisionRefusedError):
        drive(answered, decisions=port)
    assert drive(answered, decisions=port, settled=answered.answers).success


def test_a_failed_step_after_it_changes_nothing() -> None:
    """
    The decision was taken, and the run failed later.
    """
    mission, port = make_signed(make_step("after", "fail")), make_port()
    checkpoint, opening = begin_open(mission, port)
    assert go_on(mission, port, checkpoint, approve(opening)).error_code == "step_failed"
    assert len(port.uses) == 1
