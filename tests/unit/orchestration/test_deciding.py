"""The operation `decide` in the engine: what a verdict does to a run, and what is refused before the first step."""

from collections.abc import Iterator
from typing import Any

import pytest
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_mission,
    make_step,
    run,
    sha256_of,
)

from runtime.encoding.canonical import canonical_record
from runtime.encoding.frozen import JsonObject
from runtime.errors import (
    DefinitionError,
    MissionEngineError,
    PolicyError,
    ReceiptMismatchError,
    UngatedFlagError,
    UnusedAnswerError,
)
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import Checkpoint, ExecutionContext, OrchestrationResult, RunStatus, StepSpec, execute
from runtime.orchestration.deciding import read_policies, record_policies
from runtime.orchestration.registry import MissionRegistry, resume_mission, run_mission
from runtime.policy.evaluate import NO_MATCH, NOT_EVALUABLE, evaluate
from runtime.policy.pack import PolicyPack


def make_pack(policy_id: str = "spend", *rules: dict[str, Any], **changes: Any) -> PolicyPack:
    """
    Make a pack that denies below 0, flags above 10, and allows.
    """
    usual = (
        {"rule_id": "no", "effect": "deny", "when": ["amount < 0"], "reason_code": "below_zero"},
        {"rule_id": "ask", "effect": "flag", "when": ["amount > 10"], "reason_code": "much"},
        {"rule_id": "yes", "effect": "allow", "when": ["amount >= 0"]},
    )
    document = {"schema": "policy-pack/v1", "policy_id": policy_id, "version": "1", "rules": list(rules or usual)}
    return PolicyPack.from_document({**document, **changes})


def make_decide(step_id: str = "decide", **payload: Any) -> StepSpec:
    """
    Make a step that weighs `/order` by the pack `spend`.
    """
    return make_step(step_id, "decide", **{"policy": "spend", "input": "/order", "path": f"/{step_id}", **payload})


ALLOWING = {"rule_id": "yes", "effect": "allow", "when": ["true"]}
GATE = make_gate(when="flagged")
STEPS = (make_decide(), GATE, make_step("after", "set", path="/done", value=True))


def weigh(amount: Any, *steps: StepSpec, **keywords: Any) -> OrchestrationResult:
    """
    Run the steps, or the usual ones, on an order.
    """
    return run({"order": {"amount": amount}}, *(steps or STEPS), **{"policies": [make_pack()], **keywords})


def statuses(result: OrchestrationResult) -> list[str]:
    """
    List the status of each entry.
    """
    return [entry["status"] for entry in result.lineage["entries"]]


class TestVerdict:
    """
    "`allow` goes on, `deny` ends the run as denied, `flag` opens the next gate."
    """

    def test_allow_goes_on_past_flagged_steps(self) -> None:
        """
        The gate is skipped, and recorded as skipped.
        """
        result = weigh(5)
        assert result.status is RunStatus.COMPLETED
        assert statuses(result) == ["completed", "skipped", "completed"]
        assert [step.id for step in result.executed_steps] == ["decide", "after"]

    def test_flag_asks_at_the_gate(self) -> None:
        """
        The run waits for a person, and goes on with their approval.
        """
        waiting = weigh(50)
        assert waiting.status is RunStatus.WAITING_HUMAN
        assert waiting.pending is not None
        assert waiting.pending.request.step_id == "gate"
        result = weigh(50, answers=[make_decision()])
        assert (result.status, statuses(result)) == (RunStatus.COMPLETED, ["completed"] * 3)
        rejected = weigh(50, answers=[make_decision(choice="reject")])
        assert (rejected.status, rejected.error_code) == (RunStatus.DENIED, "gate_rejected")

    def test_deny_ends_the_run(self) -> None:
        """
        The state stays as it was; the code is one of the closed list, the reason code is in the verdict.
        """
        result = weigh(-5)
        assert result.status is RunStatus.DENIED
        assert (result.error_code, result.failed_step_id) == ("policy_denied", "decide")
        assert result.error_message == "Step 'decide' denied: policy 'spend', reason 'below_zero'"
        assert statuses(result) == ["denied"]
        assert result.final_state == {"order": {"amount": -5}}
        assert result.receipt is not None
        assert (result.receipt["status"], result.receipt["error_code"]) == ("denied", "policy_denied")

    @pytest.mark.parametrize(("order", "reason"), [({}, NOT_EVALUABLE), ({"amount": "5"}, NOT_EVALUABLE)])
    def test_what_cannot_be_weighed_is_denied(self, order: dict[str, Any], reason: str) -> None:
        """
        A rule that fails ends the run, it does not fail the step: the record says denied.
        """
        result = run({"order": order}, *STEPS, policies=[make_pack()])
        assert (result.status, result.verdicts[0][1].reason_code) == (RunStatus.DENIED, reason)

    def test_nothing_that_applies_is_denied(self) -> None:
        """
        Deny is the default.
        """
        pack = make_pack("spend", {"rule_id": "r", "effect": "allow", "when": ["amount == 1"]})
        result = weigh(2, make_decide(), policies=[pack])
        assert (result.status, result.verdicts[0][1].reason_code) == (RunStatus.DENIED, NO_MATCH)

    def test_enters_the_state_and_the_entry(self) -> None:
        """
        The whole record stands at `path`, and its digest in the entry; a denied entry has it too, others have none.
        """
        verdict = evaluate(make_pack(), {"amount": 5})
        result = weigh(5)
        assert result.final_state["decide"] == verdict.to_dict()
        assert [entry["verdict_digest"] for entry in result.lineage["entries"]] == [
            sha256_of(verdict.to_dict()),
            None,
            None,
        ]
        denied = weigh(-5)
        assert denied.lineage["entries"][0]["verdict_digest"] == sha256_of(
            evaluate(make_pack(), {"amount": -5}).to_dict()
        )
        assert denied.to_dict()["verdicts"]["decide"]["reason_code"] == "below_zero"

    def test_can_be_read_by_later_steps(self) -> None:
        """
        It is a part of the state like any other.
        """
        later = make_step("say", "compute", path="/said", expression="decide.applied.map(r, r.rule_id)")
        assert weigh(5, make_decide(), GATE, later).final_state["said"] == ["yes"]

    def test_is_on_what_stands_at_the_input_when_the_step_runs(self) -> None:
        """
        The whole state is the default; what an earlier step wrote counts.
        """
        steps = [make_step("s", "set", path="/amount", value=-1), make_decide(input="")]
        result = run({"amount": 5}, *steps, GATE, policies=[make_pack()])
        assert result.status is RunStatus.DENIED
        assert result.verdicts[0][1].record["input_digest"] == sha256_of({"amount": -1})

    @pytest.mark.parametrize(
        ("order", "path", "code"),
        [
            (None, "/order", "wrong_type"),
            ([{"amount": 5}], "/order", "wrong_type"),
            ("amount", "/order", "wrong_type"),
            ({"amount": 5}, "/missing", "path_missing"),
            ({"amount": 5}, "/order/amount", "wrong_type"),
        ],
        ids=["null", "a_list", "a_text", "missing", "a_number"],
    )
    def test_on_no_object_fails_the_step(self, order: Any, path: str, code: str) -> None:
        """
        There is nothing to weigh, so there is no verdict.
        """
        result = run({"order": order}, make_decide(input=path), GATE, policies=[make_pack()])
        assert (result.status, result.error_code) == (RunStatus.FAILED, code)
        assert result.verdicts == ()
        assert result.lineage["entries"][0]["verdict_digest"] is None

    def test_that_cannot_be_written_fails_the_step(self) -> None:
        """
        The state is as it was, and the entry names the verdict all the same.
        """
        result = weigh(5, make_decide(path="/nowhere/verdict"), GATE)
        assert (result.status, result.error_code) == (RunStatus.FAILED, "path_missing")
        assert result.lineage["entries"][0]["verdict_digest"] == result.verdicts[0][1].digest


class TestSeveralVerdicts:
    """
    "Flag opens every later step that is marked `when: flagged`; nothing takes a flag back."
    """

    def test_a_flag_is_not_taken_back(self) -> None:
        """
        A later allow leaves the gate open.
        """
        second = make_decide("second", input="/other", policy="other")
        allowing = make_pack("other", ALLOWING)
        result = run(
            {"order": {"amount": 50}, "other": {}},
            make_decide(),
            second,
            GATE,
            policies=[make_pack(), allowing],
        )
        assert result.status is RunStatus.WAITING_HUMAN
        assert [verdict.decision for _, verdict in result.verdicts] == ["flag", "allow"]

    def test_a_step_that_runs_only_when_flagged_may_decide_too(self) -> None:
        """
        Skipped, it gives no verdict; the pack is bound all the same.
        """
        second = make_decide("second", when="flagged")
        for amount, expected in (
            (5, ["completed", "skipped", "skipped"]),
            (50, ["completed", "completed", "completed"]),
        ):
            result = weigh(amount, make_decide(), second, GATE, answers=[make_decision()] if amount > 10 else [])
            assert statuses(result) == expected
            assert len(result.verdicts) == expected.count("completed") - (amount > 10)

    def test_flagged_steps_before_the_verdict_are_skipped(self) -> None:
        """
        A flag does not reach back.
        """
        result = weigh(50, make_gate("early", when="flagged"), make_decide(), GATE, answers=[make_decision()])
        assert statuses(result) == ["skipped", "completed", "completed"]


class TestAnswers:
    """
    "A leftover answer is refused."
    """

    def test_for_a_gate_that_is_skipped_is_unused(self) -> None:
        """
        An approval in advance of what nobody asks is not dropped in silence.
        """
        with pytest.raises(UnusedAnswerError):
            weigh(5, answers=[make_decision()])
        with pytest.raises(UnusedAnswerError):
            weigh(-5, answers=[make_decision()])

    def test_in_advance_or_one_by_one_gives_one_receipt(self) -> None:
        """
        As without policies.
        """
        waiting = weigh(50)
        assert waiting.checkpoint is not None
        assert waiting.pending is not None
        bound = make_decision(request_digest=waiting.pending.digest)
        resumed = execute(waiting.checkpoint.answered_by((bound,)))
        assert resumed.receipt_bytes == weigh(50, answers=[make_decision()]).receipt_bytes


class TestRefusals:
    """
    "Fail closed: missing policy, broken policy, a `decide` that can flag with no later gate: refused before step 1."
    """

    def test_a_policy_that_is_missing(self) -> None:
        """
        It is never taken for one that allows; each missing one is named with its step.
        """
        with pytest.raises(PolicyError) as caught:
            weigh(5, make_decide(), make_decide("b", policy="other"), GATE, policies=[])
        assert [(fault.where, fault.message) for fault in caught.value.faults] == [
            ("steps[0].payload.policy", "policy 'spend' is missing"),
            ("steps[1].payload.policy", "policy 'other' is missing"),
        ]

    def test_a_policy_that_no_step_asks_for(self) -> None:
        """
        Who brings a policy means it to count.
        """
        with pytest.raises(PolicyError, match="policy 'other', which no step asks for @ policies"):
            weigh(5, policies=[make_pack(), make_pack("other")])
        with pytest.raises(PolicyError, match=r"steps ask for \[\]"):
            run({}, make_step(), policies=[make_pack()])

    @pytest.mark.parametrize(
        "steps",
        [
            (make_decide(),),
            (make_gate("before"), make_decide()),
            (make_decide(), make_step("s", "set", path="/x", value=1)),
            (make_decide(), GATE, make_decide("again")),
        ],
        ids=["alone", "a_gate_before", "no_gate_behind", "a_second_one"],
    )
    def test_a_flag_that_nobody_is_asked_about(self, steps: tuple[StepSpec, ...]) -> None:
        """
        A verdict that can flag needs a person behind it, whatever the input would give.
        """
        with pytest.raises(UngatedFlagError, match="can flag, and no later step asks a person") as caught:
            weigh(5, *steps)
        assert caught.value.code == "ungated_flag"

    def test_an_effect_between_a_flag_and_its_gate(self) -> None:
        """
        Asking a person when it is done is no gate; reading before they are asked is fine.
        """
        for when in ("always", "flagged"):
            with pytest.raises(UngatedFlagError, match="'act' changes something outside before a person is asked"):
                weigh(5, make_decide(), make_action(mode="mutate", when=when), GATE, mode="apply")
        result = weigh(50, make_decide(), make_action(), GATE, answers=[make_effect_answer()])
        assert result.status is RunStatus.WAITING_HUMAN
        after = weigh(5, make_decide(), GATE, make_action(mode="mutate"), mode="apply")
        assert after.status is RunStatus.WAITING_EFFECT

    @pytest.mark.parametrize("gate", [make_gate(), make_gate(when="flagged", on_reject="continue")])
    def test_any_human_step_behind_it_is_a_gate(self, gate: StepSpec) -> None:
        """
        One that always asks asks when flagged, too.
        """
        assert weigh(50, make_decide(), gate).status is RunStatus.WAITING_HUMAN

    def test_a_pack_that_cannot_flag_needs_no_gate(self) -> None:
        """
        Only rules of the pack count.
        """
        assert weigh(5, make_decide(), policies=[make_pack("spend", ALLOWING)]).status is RunStatus.COMPLETED

    @pytest.mark.parametrize(
        "packs",
        [5, make_pack(), "spend", [None], [{"policy_id": "spend"}], [make_pack(), make_pack()], [make_pack()] * 6],
        ids=["a_number", "a_pack", "a_text", "none", "a_document", "twice", "six"],
    )
    def test_what_is_no_list_of_packs(self, packs: Any) -> None:
        """
        A document is not read in passing: whoever brings it reads it, and sees its faults.
        """
        with pytest.raises(PolicyError):
            weigh(5, policies=packs)

    def test_an_iterator_that_breaks(self) -> None:
        """
        What it raises is not handed on, and one without end is not followed.
        """

        def broken() -> Iterator[PolicyPack]:
            yield make_pack()
            message = "broken"
            raise RuntimeError(message)

        def endless() -> Iterator[PolicyPack]:
            number = 0
            while True:
                number += 1
                yield make_pack(f"p{number}")

        with pytest.raises(PolicyError, match="policies is <generator"):
            weigh(5, policies=broken())
        with pytest.raises(PolicyError, match="more than 5 policies"):
            weigh(5, policies=endless())

    def test_packs_too_large_to_record(self) -> None:
        """
        The limit of a record holds for all packs together.
        """
        packs = [make_pack(name, metadata={"a": "x" * 600_000}) for name in ("spend", "other")]
        with pytest.raises(DefinitionError, match="policies has"):
            weigh(5, make_decide(), make_decide("b", policy="other"), GATE, policies=packs)


class TestRecord:
    """
    "A run records the packs it was given, whole, so it can be re-executed without whoever wrote them."
    """

    def test_header_and_receipt_hold_the_digest_of_the_packs(self) -> None:
        """
        A member for each pack, by id, cases left out; another pack gives another run.
        """
        result = weigh(5)
        assert result.header["policies_digest"] == sha256_of({"spend": make_pack().document.thaw()})
        assert result.receipt is not None
        assert result.receipt["header"] == result.header
        changed = weigh(5, policies=[make_pack(version="2")])
        assert changed.receipt_bytes != result.receipt_bytes
        cases = [{"name": "c", "input": {"amount": 1}, "expect": {"decision": "allow"}}]
        assert weigh(5, policies=[make_pack(cases=cases)]).receipt_bytes == result.receipt_bytes
        assert run({}, make_step()).header["policies_digest"] is None

    def test_the_order_of_packs_does_not_matter(self) -> None:
        """
        They are recorded by id.
        """
        steps = [make_decide(), make_decide("b", policy="other"), GATE]
        packs = [make_pack(), make_pack("other")]
        assert weigh(5, *steps, policies=packs).receipt_bytes == weigh(5, *steps, policies=packs[::-1]).receipt_bytes

    def test_a_checkpoint_holds_them_and_gives_the_same_run(self) -> None:
        """
        Through its bytes and back, with nothing else at hand.
        """
        waiting = weigh(50)
        assert waiting.checkpoint is not None
        again = Checkpoint.from_bytes(waiting.checkpoint.raw)
        assert again == waiting.checkpoint
        assert again.raw == waiting.checkpoint.raw
        resumed = execute(again)
        assert (resumed.header_bytes, resumed.entry_bytes) == (waiting.header_bytes, waiting.entry_bytes)
        assert resumed.pending == waiting.pending

    def test_what_was_recorded_is_read_as_the_packs_it_was(self) -> None:
        """
        And nothing of nothing.
        """
        packs = [make_pack(), make_pack("other")]
        assert read_policies(record_policies(packs)) == {"spend": packs[0], "other": packs[1]}
        assert record_policies([]) is None
        assert read_policies(None) == {}


class TestReplay:
    """
    "Anyone can re-execute", and a pack that was changed shows.
    """

    @pytest.mark.parametrize("amount", [5, 50, -5], ids=["allow", "flag", "deny"])
    def test_gives_the_same_bytes(self, amount: int) -> None:
        """
        Whatever was decided, the verdict is worked out again.
        """
        result = weigh(amount, answers=[make_decision()] if amount > 10 else [])
        recorded = RecordedRun.from_bytes(RecordedRun.of(result).raw)
        assert replay(recorded).receipt_bytes == result.receipt_bytes

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (b'"version":"1"', b'"version":"2"', "policies_digest"),
            (b'"amount > 10"', b'"amount > 90"', "policies_digest"),
            (b'"amount > 10"', b'"amount > "', "policy 'spend' of a run"),
            (b'"effect":"deny"', b'"effect":"nope"', "policy 'spend' of a run"),
            (b'"policy_id":"spend"', b'"policy_id":"spent"', "policy 'spend' of a run is not as a run records it"),
            (b'"risk_score":0,', b"", "policy 'spend' of a run is not as a run records it"),
            (b'"rule_id":"ask"', b'"rule_id":"yes"', "policy 'spend' of a run"),
            (b'"schema":"policy-pack/v1"', b'"schema":"policy-pack/v2"', "policy 'spend' of a run"),
            (b'"spend":{', b'"spent":{', "policy 'spent' of a run is not as a run records it"),
        ],
    )
    def test_names_a_pack_that_was_changed(self, old: bytes, new: bytes, said: str) -> None:
        """
        One that reads well shows by its digest, one that does not by its name.
        """
        raw = RecordedRun.of(weigh(5)).raw
        assert old in raw
        tampered = RecordedRun.from_bytes(raw.replace(old, new, 1))
        with pytest.raises(ReceiptMismatchError) as caught:
            replay(tampered)
        assert said in str(caught.value)

    def test_names_a_pack_that_was_taken_out_or_put_in(self) -> None:
        """
        A run without its pack cannot be executed, one with a pack more neither.
        """
        document: Any = JsonObject.from_canonical(RecordedRun.of(weigh(5)).raw).thaw()
        policies = document["checkpoint"]["policies"]
        for changed, said in (
            (None, "policy 'spend' is missing"),
            ({**policies, "other": make_pack("other").document.thaw()}, "policy 'other', which no step asks for"),
        ):
            document["checkpoint"]["policies"] = changed
            tampered = RecordedRun.from_bytes(canonical_record(document))
            with pytest.raises(ReceiptMismatchError, match=said):
                replay(tampered)


class TestMission:
    """
    "A mission ships its packs; others take the place of those of the same policy id."
    """

    def test_its_packs_count_unless_others_are_brought(self) -> None:
        """
        By policy id; one that the mission does not ask for is refused.
        """
        mission = make_mission(*STEPS, policies=[make_pack()])
        registry = MissionRegistry({"made": mission})
        context = ExecutionContext({"order": {"amount": 50}})
        assert run_mission("made", context, registry=registry).status is RunStatus.WAITING_HUMAN
        stricter = make_pack("spend", {"rule_id": "r", "effect": "deny", "when": ["true"]})
        denied = run_mission("made", context, policies=[stricter], registry=registry)
        assert denied.status is RunStatus.DENIED
        with pytest.raises(PolicyError, match="'other', which no step asks for"):
            run_mission("made", context, policies=[make_pack("other")], registry=registry)

    def test_is_resumed_under_the_packs_it_was_started_with(self) -> None:
        """
        A mission that has other packs by then changes nothing for a run that waits.
        """
        before = MissionRegistry({"made": make_mission(*STEPS, policies=[make_pack()])})
        stricter = make_pack("spend", {"rule_id": "r", "effect": "deny", "when": ["true"]})
        after = MissionRegistry({"made": make_mission(*STEPS, policies=[stricter])})
        waiting = run_mission("made", ExecutionContext({"order": {"amount": 50}}), registry=before)
        assert waiting.checkpoint is not None
        assert resume_mission(waiting.checkpoint, [make_decision()], registry=after).status is RunStatus.COMPLETED

    @pytest.mark.parametrize(
        ("steps", "policies"),
        [
            (STEPS, []),
            (STEPS, [make_pack("other")]),
            ((make_decide(),), [make_pack()]),
            ((make_step(),), [make_pack()]),
        ],
        ids=["none", "another", "ungated", "unasked"],
    )
    def test_that_cannot_run_under_its_packs_is_not_registered(
        self, steps: tuple[StepSpec, ...], policies: list[PolicyPack]
    ) -> None:
        """
        What every run of it would refuse is refused when it is registered.
        """
        with pytest.raises(MissionEngineError) as caught:
            MissionRegistry({"made": make_mission(*steps, policies=policies)})
        assert caught.value.code in {"invalid_policy", "ungated_flag"}

    def test_with_two_packs_of_one_id_is_not_made(self) -> None:
        """
        Which one counts could not be known.
        """
        with pytest.raises(PolicyError, match="stands twice"):
            make_mission(*STEPS, policies=[make_pack(), make_pack()])


def test_the_engine_takes_no_pack_from_the_state() -> None:
    """
    What looks like a pack in the state is data: the pack of a run is an input, bound by its digest.
    """
    state = {"order": {"amount": -5}, "policies": {"spend": make_pack("spend", ALLOWING).document.thaw()}}
    assert run(state, *STEPS, policies=[make_pack()]).status is RunStatus.DENIED
    inputs = make_inputs(*STEPS, state=state)
    with pytest.raises(PolicyError, match="'spend' is missing"):
        execute(inputs)
