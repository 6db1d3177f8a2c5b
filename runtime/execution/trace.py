"""The `exec.*` keys of a packet. What stands there afterwards is what all reports together say."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.errors import DefinitionError, Fault, shown
from runtime.execution.model import ExecutionReport

__all__ = ["add_execution_trace"]

_FAIL_CLOSED: Final = "exec.fail_closed"


def add_execution_trace(external: Mapping[str, Any], report: ExecutionReport) -> dict[str, Any]:
    """
    Give a trace with a report added; the trace that was passed stays as it is.

    Numbers of an earlier report are added up, and `exec.fail_closed` stays True once it is. A report of an execution that
    attempted nothing, and did not fail closed, adds no `exec.fail_closed`: some readers only ask whether a key that ends
    in `.fail_closed` is there.

    Raises:
        DefinitionError: the trace is no mapping, or holds something else under these keys.
    """
    if not isinstance(external, Mapping):
        raise DefinitionError(f"a trace of type {type(external).__name__}", remedy="give a mapping, such as {}")
    added = report.to_external_dict()
    if not (report.attempts or report.fail_closed):
        del added[_FAIL_CLOSED]
    # The exact type, because True is an int and a count of True is none.
    kinds = {key: bool if key == _FAIL_CLOSED else int for key in report.to_external_dict()}
    faults = [
        Fault(f"{shown(external[key])} is no {kind.__name__}", key)
        for key, kind in kinds.items()
        if key in external and type(external[key]) is not kind
    ]
    if faults:
        raise DefinitionError("a trace that no report made", faults=faults)
    joined = dict(external)
    for key, value in added.items():
        before = joined.get(key, kinds[key]())
        joined[key] = before or value if key == _FAIL_CLOSED else before + value
    return joined
