"""Reports as plain JSON."""

import json

from executing import FAIL, OK, make_policy, run

from runtime.execution import ExecutionReport, RetryPolicy
from runtime.testing import ScriptedExecutor


def test_a_report_is_plain_json() -> None:
    """
    With its schema, every attempt and every refusal.
    """
    report = run(ScriptedExecutor([FAIL]), policy=make_policy(retry=RetryPolicy(0)))
    document = json.loads(report.raw)
    assert document == report.to_dict()
    assert document["schema"] == "execution-report/v1"
    assert document["attempts"] == [
        {
            "action": "ACT",
            "status": "FAILED",
            "attempt_number": 0,
            "latency_ms": 0,
            "error_type": None,
            "error_code": "executor_failed",
            "error_message": "no",
            "idempotency_key": None,
            "is_replay": False,
        }
    ]
    stopped = run(ScriptedExecutor([]), context={"ops_deny_actions": True}).to_dict()
    assert stopped["refusals"] == [{"code": "kill_switch", "message": None, "sequence": None}]


def test_a_report_without_reasons_has_none() -> None:
    """
    A success says nothing more.
    """
    report = run(ScriptedExecutor([OK]))
    assert type(report) is ExecutionReport
    assert (report.error_code, report.error_message, report.refusals) == (None, None, ())
