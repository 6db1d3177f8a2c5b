"""The files of a review bundle: linked, true to the run, and free of what the run was about."""

import json
from typing import Any

import attrs
import pytest
from exporting import FAILING, PASSING, dumped, make_assertions, make_bundle, make_pack, run_example, verify_chain
from makers import make_action, make_decision, make_effect_answer, make_gate, make_inputs, make_step, run, sha256_of

from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError, IntegrityError, ReceiptMismatchError
from runtime.evidence import RecordedRun
from runtime.evidence.exports import export_review_bundle
from runtime.orchestration import Mode, execute

ENDINGS = {**PASSING, **FAILING}


def artifacts_of(name: str) -> dict[str, Any]:
    """
    Export a run by the name of its ending, and give the artefacts.
    """
    return verify_chain(make_bundle(ENDINGS[name]()))


class TestTheFiles:
    """
    A bundle is the nine files that SCLite asks for, and no more.
    """

    def test_names(self) -> None:
        """
        SCLite's public export refuses any other file.
        """
        assert list(make_bundle(run_example("echo"))) == [
            "01_intent_contract.json",
            "02_policy_decision.json",
            "03_execution_contract.json",
            "04_execution_ticket.json",
            "05_execution_receipt.json",
            "06_evidence_contract.json",
            "artifact_chain_manifest.json",
            "verification_receipt.json",
            "REVIEW.md",
        ]

    @pytest.mark.parametrize("name", ENDINGS)
    def test_links_and_chain_hold(self, name: str) -> None:
        """
        Each artefact is bound to those before it, in SCLite's canonical form, whatever the ending.
        """
        roles = verify_chain(make_bundle(ENDINGS[name]()))
        links = {role: list(artifact.get("links", {})) for role, artifact in roles.items()}
        assert links == {
            "intent_contract": [],
            "policy_decision": ["intent"],
            "execution_contract": ["intent", "policy_decision"],
            "execution_ticket": ["execution_contract", "intent", "policy_decision"],
            "execution_receipt": ["execution_contract", "execution_ticket"],
            "evidence_contract": ["execution_receipt", "execution_ticket"],
        }

    def test_the_export_says_what_was_checked_and_that_no_review_was_made(self) -> None:
        """
        The file SCLite calls a verification receipt holds no verdict, for SCLite gave none.
        """
        result = run_example("echo")
        files = make_bundle(result)
        receipt = RecordedRun.of(result).receipt.thaw()
        assert json.loads(files["verification_receipt.json"]) == {
            "asserted": {
                "ended_at": "2026-05-14T20:55:00Z",
                "operator": "grace",
                "started_at": "2026-05-14T20:54:00Z",
                "target_host": "web.example.org",
            },
            "re_execution": {
                "lineage_count": 1,
                "lineage_head": receipt["lineage_head"],
                "receipt_digest": sha256_of(receipt),
                "same_bytes": True,
            },
            "review": "not_run",
            "root_chain_digest": json.loads(files["artifact_chain_manifest.json"])["root_chain_digest"],
            "schema": "sclite-export/v1",
        }

    def test_a_page_for_people_hides_nothing(self) -> None:
        """
        A name that would turn the text round, or begin a line of its own, is shown with escapes.
        """
        page = make_bundle(ENDINGS["a step fails"](), operator="ada\n# passed\u202e")["REVIEW.md"].decode()
        assert "operator ada\\u{a}# passed\\u{202e}," in page
        assert page.startswith("# workflow:wf-test: failed\n")
        assert "- status: `failed`, code `step_failed`\n" in page
        assert "This page holds no verdict of SCLite." in page
        named = execute(make_inputs(make_step(), mission="m\u202e", params=JsonObject({})))
        assert make_bundle(named)["REVIEW.md"].startswith(b"# mission:m\\u{202e}: completed\n")


class TestWhatTheArtefactsSay:
    """
    What was wanted, allowed, planned, approved and done, as the record has it.
    """

    def test_what_ran(self) -> None:
        """
        A mission is named with its version, where it has one; a workflow by its id.
        """
        assert verify_chain(make_bundle(run_example("echo")))["intent_contract"]["intent"] == {
            "category": "mission_run",
            "summary": "Run mission:echo@1.0.0.",
        }
        assert artifacts_of("a step fails")["execution_contract"]["execution_shape"]["tool"] == "workflow:wf-test"
        unversioned = execute(make_inputs(make_step(), mission="made", params=JsonObject({})))
        assert verify_chain(make_bundle(unversioned))["execution_ticket"]["scope_binding"]["tool"] == "mission:made"

    def test_the_plan_and_the_inputs_by_digest(self) -> None:
        """
        The steps of the definition, with what a connector is asked, and the digests of the run header.
        """
        result = run_example("service_restart")
        shape = verify_chain(make_bundle(result))["execution_contract"]["execution_shape"]
        names = ("definition", "params", "context", "metadata", "policies")
        assert shape["normalized_args"] == [f"{name}={result.header[f'{name}_digest']}" for name in names]
        steps = result.inputs.definition.steps
        assert [(step["step"], step["step_id"]) for step in shape["plan"]] == [
            (number, step.id) for number, step in enumerate(steps, 1)
        ]
        assert [step["payload_digest"] for step in shape["plan"]] == [step.payload.digest for step in steps]
        assert [step.get("mode") for step in shape["plan"]] == ["read", None, None, "mutate", "read"]
        assert [step["operation"] for step in shape["plan"]] == ["action", "decide", "human", "action", "action"]
        assert {"connector", "action"} <= shape["plan"][0].keys()

    def test_the_ticket_binds_the_inputs(self) -> None:
        """
        Its digest is SCLite's, over the arguments of the contract.
        """
        roles = artifacts_of("an effect is done")
        arguments = roles["execution_contract"]["execution_shape"]["normalized_args"]
        assert roles["execution_ticket"]["scope_binding"]["normalized_args_digest"] == sha256_of(arguments)

    def test_every_verdict_is_told(self) -> None:
        """
        With policy, rule, reason and digest; the risk is that of the last.
        """
        result = run_example("change_request")
        policy = verify_chain(make_bundle(result))["policy_decision"]
        [(step_id, verdict)] = result.verdicts
        record = verdict.to_dict()
        names = ("policy_id", "policy_version", "policy_digest", "rule_id", "decision", "reason_code", "risk_class")
        expected = {"step_id": step_id, "verdict_digest": verdict.digest, **{name: record[name] for name in names}}
        assert policy["verdicts"] == [expected]
        assert policy["reason_codes"] == ["risk_needs_a_person"]
        assert policy["risk"] == {"level": "medium", "reason": "risk_needs_a_person"}

    def test_the_risk_is_that_of_the_last_verdict(self) -> None:
        """
        Where no rule applied, none states one.
        """
        packs = [make_pack("allow", policy_id="first"), make_pack("allow", policy_id="last", risk_class="high")]
        steps = [make_step(name, "decide", policy=name, path="/v") for name in ("first", "last")]
        risks = [
            verify_chain(make_bundle(run({}, *order, policies=packs)))["policy_decision"]["risk"]["level"]
            for order in (steps, steps[::-1])
        ]
        assert risks == ["high", "low"]
        unmatched = run(
            {}, make_step("d", "decide", policy="limits", path="/v"), policies=[make_pack("allow", when="false")]
        )
        assert verify_chain(make_bundle(unmatched))["policy_decision"]["risk"] == {
            "level": "not_stated",
            "reason": "no_matching_policy_rule",
        }

    def test_a_dry_run_disclaims_what_sclite_wants_disclaimed(self) -> None:
        """
        In SCLite's own words; without them its review fails.
        """
        claims = artifacts_of("nothing is done")["evidence_contract"]["non_claims"]
        assert "does_not_claim_live_vulnerability_evidence" in claims

    def test_without_a_policy_nothing_is_made_up(self) -> None:
        """
        The risk is not stated, and whoever exports is the one who says that it was approved.
        """
        roles = artifacts_of("nothing is done")
        assert roles["policy_decision"]["risk"] == {"level": "not_stated", "reason": "no_policy_in_this_run"}
        assert roles["policy_decision"]["verdicts"] == []
        assert roles["execution_ticket"]["approval"]["approver_kind"] == "operator"

    def test_who_approved(self) -> None:
        """
        A person before a policy, with step, choice and answer; a policy before the operator.
        """
        approval = artifacts_of("a person approves")["execution_ticket"]["approval"]
        assert approval["approver_kind"] == "person"
        [decision] = approval["decisions"]
        assert (decision["step_id"], decision["actor"], decision["choice"]) == ("gate", "ada", "approve")
        assert artifacts_of("a policy allows")["execution_ticket"]["approval"]["approver_kind"] == "policy"

    @pytest.mark.parametrize(
        ("name", "bounds", "done"),
        [
            ("nothing is done", ("dry_run", 0, False, 1, True), ("dry_run", "dry_run", 0, False)),
            ("an effect is skipped", ("live", 1, True, 1, True), ("dry_run", "dry_run", 0, False)),
            ("an effect is done", ("live", 1, True, 1, True), ("live", "completed", 1, None)),
            ("two effects are done", ("live", 2, True, 2, False), ("live", "completed", 2, None)),
            ("an effect is not done", ("live", 1, True, 1, True), ("live", "failed", 0, None)),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_bounds_and_what_was_done(self, name: str, bounds: tuple[object, ...], done: tuple[object, ...]) -> None:
        """
        Without an effect it is a dry run; what the network saw of a connector that was called is not known.
        """
        roles = artifacts_of(name)
        contract, ticket = roles["execution_contract"]["execution_bounds"], roles["execution_ticket"]
        assert bounds == (
            contract["mode"],
            contract["max_commands"],
            contract["network_execution_allowed"],
            ticket["execution_limits"]["max_runs"],
            ticket["execution_limits"]["one_shot"],
        )
        assert ticket["execution_limits"]["mode"] == ticket["scope_binding"]["mode"] == contract["mode"]
        assert ticket["spend_limits"]["network_execution_allowed"] is contract["network_execution_allowed"]
        assert ticket["spend_limits"]["one_shot"] is ticket["execution_limits"]["one_shot"]
        receipt = roles["execution_receipt"]
        assert done == (
            receipt["runtime"]["mode"],
            receipt["outcome"]["status"],
            receipt["execution"]["executed_command_count"],
            receipt["execution"]["network_execution_performed"],
        )
        assert receipt["execution"]["planned_command_count"] == contract["max_commands"]

    def test_the_receipt_of_the_engine_is_in_it(self) -> None:
        """
        Whole, with the lineage, so that both can be checked against the record.
        """
        result = run_example("service_restart")
        receipt = verify_chain(make_bundle(result))["execution_receipt"]
        assert receipt["mission_receipt"] == result.receipt
        assert receipt["mission_lineage"] == result.lineage["entries"]
        assert receipt["receipt_id"] == f"receipt-{sha256_of(result.receipt)[7:]}"
        assert receipt["runtime"]["version"] == result.header["engine"]
        assert [ref["digest"] for ref in receipt["evidence_refs"]] == [
            sha256_of(result.receipt),
            sha256_of(result.lineage["entries"][-1]),
            sha256_of(result.final_state),
        ]

    def test_what_is_asserted_is_where_sclite_looks(self) -> None:
        """
        Operator, host and times stand in every artefact that SCLite compares.
        """
        roles = artifacts_of("an effect is done")
        assert roles["intent_contract"]["actor"] == {"kind": "operator", "label": "grace"}
        assert roles["execution_ticket"]["subject_binding"]["issued_for_actor"] == "operator:grace"
        hosts = [
            roles["intent_contract"]["target"]["host"],
            roles["policy_decision"]["scope"]["target_host"],
            roles["execution_contract"]["target_binding"]["target_host"],
            roles["execution_ticket"]["scope_binding"]["target_host"],
        ]
        assert hosts == ["web.example.org"] * 4
        started, ended = "2026-05-14T20:54:00Z", "2026-05-14T20:55:00Z"
        assert [artifact["created_at"] for artifact in roles.values()] == [started] * 4 + [ended] * 2
        assert roles["execution_ticket"]["validity"] == {"not_before": started, "not_after": ended}
        execution = roles["execution_receipt"]["execution"]
        assert (execution["started_at"], execution["ended_at"]) == (started, ended)


class TestARunThatDidNotPass:
    """
    INV-46: a failed, denied or rejected run is exported as what it is.
    """

    @pytest.mark.parametrize("name", FAILING)
    def test_it_is_never_dressed_up(self, name: str) -> None:
        """
        INV-46: the approval is none, or the claim that the run completed is not met; a ticket nobody approved is unused.
        """
        result = FAILING[name]()
        roles = artifacts_of(name)
        [claim] = roles["evidence_contract"]["claims"]
        status = roles["execution_ticket"]["approval"]["status"]
        is_approved = status in ("approved", "approved_for_dry_run")
        if result.success:
            assert status == "rejected"
        else:
            assert roles["execution_receipt"]["outcome"] == {
                "error_code": result.error_code,
                "failed_step_id": result.failed_step_id,
                "status": result.status.value,
                "summary": f"workflow:wf-test {result.status.value}.",
            }
            assert (claim["status"], claim["requires_completed_execution"]) == ("not_met", True)
            assert claim["claim_type"] == "receipt_bounded_execution"
        assert ("ticket_use" in roles["execution_receipt"]) is is_approved

    @pytest.mark.parametrize("name", PASSING)
    def test_one_that_did_says_so(self, name: str) -> None:
        """
        The claim is met, and is no more than the receipt says.
        """
        roles = artifacts_of(name)
        [claim] = roles["evidence_contract"]["claims"]
        done = roles["execution_receipt"]["execution"]["executed_command_count"] > 0
        assert (claim["status"], claim["requires_completed_execution"]) == ("met", done)
        assert claim["claim_type"] == ("receipt_bounded_execution" if done else "receipt_bounded_dry_run")
        assert claim["source_receipt_id"] == roles["execution_receipt"]["receipt_id"]
        use = roles["execution_receipt"]["ticket_use"]
        ticket = roles["execution_ticket"]
        assert (use["ticket_id"], use["one_shot_consumed"]) == (
            ticket["ticket_id"],
            ticket["spend_limits"]["one_shot"],
        )


def test_a_record_that_lies_is_not_exported() -> None:
    """
    INV-46: the run is executed again first.
    """
    run_ = RecordedRun.of(FAILING["a step fails"]())
    receipt = {**run_.receipt.thaw(), "status": "completed", "error_code": None, "failed_step_id": None}
    forged = attrs.evolve(run_, receipt=JsonObject(receipt))
    with pytest.raises(ReceiptMismatchError, match="re-executed"):
        export_review_bundle(forged, make_assertions())


def test_other_arguments_are_refused() -> None:
    """
    With what was got; a result is no recorded run, and a dict no assertions.
    """
    result: Any = run_example("echo")
    with pytest.raises(IntegrityError, match="give a RecordedRun"):
        export_review_bundle(result, make_assertions())
    given: Any = {"operator": "grace"}
    with pytest.raises(DefinitionError, match="give ReviewAssertions"):
        export_review_bundle(RecordedRun.of(result), given)


def test_nothing_of_the_data_leaves() -> None:
    """
    State, params, payload values, reasons, inputs and outputs stay in the record; only their digests leave.
    """
    canary = "canary-7f3a"
    result = execute(
        make_inputs(
            make_gate(output="/d", prompt=canary, input_schema={"type": "string"}),
            make_action(output="/o", params={"x": canary}),
            make_step("s", "set", path="/n", value=canary, description=canary),
            state={"k": canary, canary: 1},
            params=JsonObject({"p": canary}),
            mission="made",
            mode=Mode.APPLY,
            answers=[make_decision(reason=canary, input=canary), make_effect_answer(output=canary)],
        )
    )
    assert result.success
    assert canary not in b"".join(make_bundle(result).values()).decode()


def test_names_that_are_not_ascii() -> None:
    """
    They are written as they are, in the form SCLite hashes.
    """
    files = make_bundle(run({}, make_step("é\u2028\U00010000\x7f")), operator='gra"ce \u00e9')
    roles = verify_chain(files)
    assert roles["execution_contract"]["execution_shape"]["plan"][0]["step_id"] == "é\u2028\U00010000\x7f"
    assert dumped(json.loads(files["verification_receipt.json"])) == files["verification_receipt.json"]
