"""Plans and run receipts: what each covers, and which ones contradict themselves."""

from typing import Any

import attrs
import pytest

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import NULL_DIGEST
from runtime.encoding.frozen import EMPTY_OBJECT
from runtime.errors import DefinitionError, EncodingError, IntegrityError
from runtime.evidence.runreceipt import Assurance, Ending, Plan, RunReceipt, Validation
from runtime.values.modes import RunMode

AT = "2026-05-14T20:54:00.000Z"
DIGEST = EMPTY_OBJECT.digest


def _plan(**changes: Any) -> Plan:
    return Plan(**{"header_digest": DIGEST, "mode": RunMode.APPLY, "requester": "ada", "tenant": "local", **changes})


def _receipt(**changes: Any) -> RunReceipt:
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "state": Ending.COMPLETED,
        "mode": RunMode.APPLY,
        "requester": "ada",
        "tenant": "local",
        "plan_digest": _plan().digest,
        "assurance": Assurance.EXECUTED,
        "created_at": AT,
        "ended_at": AT,
        "audit_count": 3,
        "audit_head": DIGEST,
        "receipt_digest": DIGEST,
    }
    return RunReceipt(**{**fields, **changes})


OTHER: dict[str, Any] = {
    "state": Ending.CANCELLED,
    "mode": RunMode.OBSERVE,
    "assurance": Assurance.CLIENT_ASSERTED,
    "approvals": (NULL_DIGEST,),
    "carried_answers": (NULL_DIGEST,),
    "steps_not_done": ("s1",),
    "validation": Validation(rule_count=1),
    "audit_count": 4,
}
"""Another value of each field that is no name, digest or time."""


def _other(name: str) -> Any:
    if name.endswith("_at"):
        return "2026-05-14T20:54:00.001Z"
    return OTHER.get(name, NULL_DIGEST if name.endswith(("_digest", "_head")) else "other")


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(Plan) if field.name != "schema"])
def test_a_plan_is_hashed_with_every_field(field: str) -> None:
    """
    INV-143: an approval of a plan is of nothing else.
    """
    assert _plan(**{field: _other(field)}).digest != _plan().digest


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(RunReceipt) if field.name != "schema"])
def test_a_run_receipt_is_hashed_with_every_field(field: str) -> None:
    """
    INV-143: none can be changed without changing what is signed.
    """
    states = {"assurance": Ending.FAILED, "unknown_step": Ending.CANCELLED}
    before = _receipt(receipt_digest=None, state=states[field]) if field in states else _receipt()
    assert attrs.evolve(before, **{field: _other(field)}).digest != before.digest


def test_the_plan_follows_from_the_receipt_and_the_header() -> None:
    """
    INV-143: so a reader checks the digest that was approved.
    """
    plan = _plan(environment="lab", environment_digest=NULL_DIGEST, target="vm-1", parent_receipt_digest=NULL_DIGEST)
    members = {
        name: getattr(plan, name) for name in ("environment", "environment_digest", "target", "parent_receipt_digest")
    }
    receipt = _receipt(plan_digest=plan.digest, **members)
    assert receipt.build_plan(DIGEST) == plan
    assert receipt.build_plan(NULL_DIGEST).digest != receipt.plan_digest


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"schema": "run-receipt/v2"}, "schema"),
        ({"receipt_digest": None}, "receipt_digest"),
        ({"state": Ending.BLOCKED}, "receipt_digest"),
        ({"assurance": Assurance.CLIENT_ASSERTED}, "receipt_digest"),
        ({"validation": Validation(rule_count=2, broken=("r1",))}, "validation"),
        ({"unknown_step": "s1"}, "unknown_step"),
        ({"plan_digest": None}, "plan_digest"),
        ({"plan_digest": None, "state": Ending.BLOCKED, "receipt_digest": None}, "plan_digest"),
    ],
    ids=[
        "schema",
        "no_receipt",
        "blocked_and_ended",
        "client_and_executed",
        "broken_rule",
        "completed_and_unknown",
        "no_plan",
        "blocked_no_plan",
    ],
)
def test_a_receipt_that_contradicts_itself_is_refused(changes: dict[str, Any], where: str) -> None:
    """
    INV-143: by the member that is wrong.
    """
    with pytest.raises(DefinitionError) as refusal:
        _receipt(**changes)
    assert refusal.value.where == where


@pytest.mark.parametrize(
    "changes",
    [
        {"state": Ending.FAILED},
        {"state": Ending.FAILED, "receipt_digest": None},
        {"state": Ending.FAILED, "validation": Validation(rule_count=2, broken=("r1",))},
        {"state": Ending.CANCELLED, "receipt_digest": None, "plan_digest": None},
        {"state": Ending.BLOCKED, "receipt_digest": None},
        {"assurance": Assurance.CLIENT_ASSERTED, "receipt_digest": None, "plan_digest": None},
    ],
    ids=["failed", "failed_before_the_end", "invalid", "cancelled_before_the_plan", "blocked", "client"],
)
def test_every_ending_has_its_receipt(changes: dict[str, Any]) -> None:
    """
    INV-143: and it is read back as it was written.
    """
    receipt = _receipt(**changes)
    assert RunReceipt.from_bytes(receipt.raw) == receipt


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {**unstructure(_receipt()), "more": 1},
        {name: value for name, value in unstructure(_receipt()).items() if name != "target"},
        {**unstructure(_receipt()), "audit_count": True},
        {**unstructure(_receipt()), "state": "paused"},
        {**unstructure(_receipt()), "approvals": "sha256"},
    ],
    ids=["null", "empty", "a_member_more", "a_member_less", "flag_for_number", "no_ending", "text_for_list"],
)
def test_what_is_no_run_receipt_is_refused(document: Any) -> None:
    """
    INV-143: nothing is guessed or left out.
    """
    with pytest.raises(IntegrityError):
        RunReceipt.from_bytes(canonical_record(document))


def test_bytes_that_are_not_canonical_are_refused() -> None:
    """
    INV-143: equal receipts have equal bytes.
    """
    with pytest.raises(EncodingError):
        RunReceipt.from_bytes(_receipt().raw + b"\n")


def test_another_schema_of_a_plan_is_refused() -> None:
    """
    INV-143: it would have the same members and mean something else.
    """
    with pytest.raises(DefinitionError, match="schema"):
        _plan(schema="plan/v2")
