"""change_request: a change to a part of the state, made only after a person approved it, and recorded with who did.

`propose` writes the change where the approver can see it, `approve` asks, `apply` merges it (RFC 7396), `record` keeps
it with the decision. Rejected, the run ends as denied and the target is untouched.
"""

from typing import Any, Final

import attrs

from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.mission import Example, Mission
from runtime.values.answers import Answer, HumanDecision
from runtime.values.checks import is_below_root, is_identifier

__all__ = ["CHANGE_REQUEST", "ChangeRequestParams"]

_RECORDS: Final = ("change", "history")
"""Members of the state in which this mission records what was proposed and decided."""


def _is_no_record(_: object, field: "attrs.Attribute[Any]", value: Pointer) -> None:
    if value.tokens[0] in _RECORDS:
        raise DefinitionError(f"target {value.text}", where=field.name, remedy=f"{_RECORDS} are this mission's own")


@attrs.frozen(kw_only=True)
class ChangeRequestParams:
    """
    What is to change, for whom, and who may approve it.

    `patch` is a JSON merge patch: members replace, null removes. `target` points to what is patched; it cannot be the
    proposal or the history, which say who decided what. An empty `approvers` lets any named person decide.
    """

    title: str = attrs.field(validator=is_identifier)
    requested_by: str = attrs.field(validator=is_identifier)
    patch: JsonObject
    target: Pointer = attrs.field(default=Pointer.parse("/config"), validator=[is_below_root, _is_no_record])
    approvers: tuple[str, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(is_identifier))


def build_change_request(params: ChangeRequestParams) -> WorkflowDefinition:
    """
    Build the four steps.
    """
    target, patch = params.target.text, params.patch.thaw()
    change = {"title": params.title, "requested_by": params.requested_by, "target": target, "patch": patch}
    steps = [
        _runtime("propose", "Write the change down", operation="set", path="/change", value=change),
        StepSpec(
            "approve",
            "human",
            {
                "prompt": f'Approve the change "{params.title}" to {target}, requested by {params.requested_by}?',
                "approvers": list(params.approvers),
                "output": "/change/decision",
            },
        ),
        _runtime("apply", "Apply the change", operation="merge", path=target, value=patch),
        _runtime(
            "record", "Keep the change with its decision", operation="append", path="/history", **{"from": "/change"}
        ),
    ]
    return WorkflowDefinition("wf-change-request", steps, {"mission_type": "change_request"})


def _runtime(step_id: str, description: str, **payload: Any) -> StepSpec:  # noqa: ANN401 - JSON.
    return StepSpec(step_id, "runtime", {"description": description, **payload})


CHANGE_REQUEST: Final = Mission(
    name="change_request",
    version="1.0.0",
    summary="Changes a part of the state after a person approved exactly that change.",
    params_class=ChangeRequestParams,
    build=build_change_request,
    example=Example(
        params={
            "title": "Raise the upload limit",
            "requested_by": "grace",
            "patch": {"upload_limit_mb": 250, "legacy_uploads": None},
            "approvers": ["ada", "edsger"],
        },
        context=ExecutionContext(
            {
                "service": "files",
                "config": {"upload_limit_mb": 100, "retention_days": 30, "legacy_uploads": True},
                "history": [],
            }
        ),
        answers=(
            Answer(
                step_id="approve",
                decision=HumanDecision(actor="ada", choice="approve", reason="Disk usage is at 40 %."),
            ),
        ),
    ),
)
"""The mission."""
