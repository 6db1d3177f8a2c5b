"""The files `mission new` writes. A test runs them as they are."""

import json

__all__ = ["new_files"]

_MISSION = '''"""@name@: say in a sentence what it is for.

State in: `items`, each with `title` and `done`. State out: `summary`, and `decision` when a person was asked.
"""

import attrs
from runtime.orchestration import (
    Answer,
    Example,
    ExecutionContext,
    HumanDecision,
    Mission,
    StepSpec,
    WorkflowDefinition,
    described,
)

__all__ = ["MISSION"]


@attrs.frozen(kw_only=True)
class Params:
    """
    What the mission needs to know. A field without a default is required.
    """

    most_open: int = attrs.field(
        default=3,
        validator=attrs.validators.ge(0),
        metadata=described("How many items may be open before the run fails."),
    )


def build(params: Params) -> WorkflowDefinition:
    """
    Build the steps; at most 5, at most 2 of them human. It must be a pure function of the params.
    """
    steps = [
        StepSpec(
            "summarise",
            "runtime",
            {
                "operation": "summarize",
                "description": "Count the items",
                "from": "/items",
                "path": "/summary",
                "missing": "empty",
                "measures": {"all": {"kind": "count"}, "open": {"kind": "count", "where": "!item.done"}},
            },
        ),
        StepSpec(
            "check",
            "runtime",
            {
                "operation": "check",
                "description": "Fail when too many are open",
                "expression": f"summary.open <= {params.most_open}",
                "message": "too many items are open",
            },
        ),
        StepSpec(
            "confirm",
            "human",
            {"prompt": "Is the summary right?", "show": {"open": "summary.open"}, "output": "/decision"},
        ),
    ]
    return WorkflowDefinition("wf-@hyphens@", steps, {"mission_type": "@name@"})


MISSION = Mission(
    name="@name@",
    version="1.0.0",
    summary="Say what it does, in a sentence.",
    params_class=Params,
    build=build,
    example=Example(
        params={"most_open": 1},
        context=ExecutionContext({"items": [{"title": "first", "done": True}, {"title": "second", "done": False}]}),
        answers=(Answer(step_id="confirm", decision=HumanDecision(actor="ada", choice="approve")),),
    ),
)
'''

_TEST = '''"""What @name@ must do."""

import json
from pathlib import Path

from runtime.orchestration import Answer, ExecutionContext, HumanDecision
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

from @name@ import MISSION

REGISTRY = MISSION_REGISTRY | {MISSION.name: MISSION}
EXAMPLE = json.loads(Path(__file__).with_name("@name@.example.json").read_text(encoding="utf-8"))


def decide(choice: str) -> list[Answer]:
    """
    Answer the gate.
    """
    return [Answer(step_id="confirm", decision=HumanDecision(actor="ada", choice=choice))]


def test_the_example_completes() -> None:
    """
    The example in the mission and the one in the file are the same, and run to their end.
    """
    assert MISSION.example.params.thaw() == EXAMPLE["params"]
    assert MISSION.example.context.initial_state.thaw() == EXAMPLE["context"]
    context = ExecutionContext(EXAMPLE["context"])
    result = run_mission("@name@", context, EXAMPLE["params"], answers=decide("approve"), registry=REGISTRY)
    assert result.success
    assert result.final_state["summary"] == {"all": 2, "open": 1}


def test_it_waits_for_a_person() -> None:
    """
    Without an answer the run stops at its gate.
    """
    result = run_mission("@name@", ExecutionContext(EXAMPLE["context"]), registry=REGISTRY)
    assert result.status == "waiting_human"


def test_a_rejection_denies_the_run() -> None:
    """
    Nothing is written then.
    """
    context = ExecutionContext(EXAMPLE["context"])
    result = run_mission("@name@", context, answers=decide("reject"), registry=REGISTRY)
    assert (result.status, "decision" in result.final_state) == ("denied", False)


def test_too_many_open_items_fail_the_check() -> None:
    """
    Before anybody is asked.
    """
    result = run_mission("@name@", ExecutionContext(EXAMPLE["context"]), {"most_open": 0}, registry=REGISTRY)
    assert (result.status, result.error_code) == ("failed", "check_failed")
'''

_EXAMPLE = {
    "params": {"most_open": 1},
    "context": {"items": [{"title": "first", "done": True}, {"title": "second", "done": False}]},
}


def new_files(name: str) -> dict[str, str]:
    """
    Give the files of a new mission: names and contents.
    """
    mission, test = (
        text.replace("@name@", name).replace("@hyphens@", name.replace("_", "-")) for text in (_MISSION, _TEST)
    )
    return {
        f"{name}.py": mission,
        f"test_{name}.py": test,
        f"{name}.example.json": json.dumps(_EXAMPLE, indent=2) + "\n",
    }
