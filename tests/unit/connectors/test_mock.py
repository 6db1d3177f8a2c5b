"""The connector `mock`, and the stand-ins: what is scripted or declared comes out, and nothing is done."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from runtime.connectors.mock import build
from runtime.connectors.stand_ins import DisabledConnector, DryRunConnector
from runtime.encoding.frozen import EMPTY_OBJECT, thaw
from runtime.errors import ConnectorSettingsError
from runtime.values import EffectOutcome, HumanAsk, Request

Perform = Callable[..., EffectOutcome]

DONE = {"status": "succeeded", "output": {"ok": True}}
BUSY = {"status": "failed", "code": "transient"}
LOST = {"status": "unknown", "code": "timeout"}


def make(**actions: Any) -> Any:
    """
    Make a connector of these actions.
    """
    return build({"actions": actions})


class TestAScript:
    """
    "One outcome every time, or a list in turn."
    """

    def test_of_one_outcome_gives_it_every_time(self, perform: Perform) -> None:
        """
        Whatever the params are, unless they are declared.
        """
        connector = make(check={"mode": "read", "outcome": DONE})
        assert [thaw(perform(connector, "check", {"n": n}).output) for n in range(3)] == [{"ok": True}] * 3

    def test_of_several_gives_them_in_turn_and_then_fails(self, perform: Perform) -> None:
        """
        What is used up is no success, and known not done.
        """
        connector = make(go={"mode": "mutate", "outcomes": [BUSY, LOST, DONE]})
        given = [perform(connector, "go", mode="mutate") for _ in range(5)]
        assert [(one.status.value, one.code) for one in given] == [
            ("failed", "transient"),
            ("unknown", "timeout"),
            ("succeeded", None),
            ("failed", "unsupported"),
            ("failed", "unsupported"),
        ]

    def test_keeps_to_what_is_declared(self, perform: Perform) -> None:
        """
        Mode, params and whether it is on are those of a real connector.
        """
        connector = make(
            go={"mode": "mutate", "outcome": DONE, "params": {"n": {"type": "integer"}}},
            off={"mode": "read", "outcome": DONE, "enabled": False},
        )
        codes = [
            perform(connector, "none").code,
            perform(connector, "go", {"n": 1}).code,
            perform(connector, "go", {"n": "1"}, mode="mutate").code,
            perform(connector, "off").code,
            perform(connector, "go", {"n": 1}, mode="mutate").code,
        ]
        assert codes == ["capability_undeclared", "policy_denied", "validation_failed", "disabled", None]

    def test_says_what_a_look_would_see(self, make_request: Callable[..., Request]) -> None:
        """
        Or that it cannot tell.
        """
        connector = make(
            go={"mode": "mutate", "outcome": LOST, "reconcile": DONE}, other={"mode": "read", "outcome": DONE}
        )
        assert connector.reconcile(make_request("go", mode="mutate")).status.value == "succeeded"
        assert connector.reconcile(make_request("other")).code == "unsupported"
        assert connector.reconcile(make_request("none")).code == "unsupported"

    def test_describes_itself(self) -> None:
        """
        The shape of a dry run is the first output there is.
        """
        described = make(
            a={"mode": "mutate", "outcomes": [BUSY, DONE], "idempotent": True},
            b={"mode": "read", "outcome": BUSY, "params": {}},
            c={"mode": "mutate", "outcome": DONE, "dry_run": 5, "reconcile": DONE},
        ).describe()["actions"]
        assert described["a"] == {
            "mode": "mutate",
            "params": {"type": "object"},
            "idempotent": True,
            "dry_run": {"ok": True},
            "reconcile": False,
        }
        assert (described["b"]["dry_run"], described["b"]["params"]["additionalProperties"]) == (None, False)
        assert (described["c"]["dry_run"], described["c"]["reconcile"], described["c"]["idempotent"]) == (
            5,
            True,
            False,
        )

    @pytest.mark.parametrize(
        "action",
        [
            {"mode": "read"},
            {"mode": "read", "outcome": DONE, "outcomes": [DONE]},
            {"mode": "look", "outcome": DONE},
            {"mode": "read", "outcome": {"status": "failed"}},
            {"mode": "read", "outcome": {"status": "done"}},
            {"mode": "read", "outcome": DONE, "more": 1},
        ],
        ids=["no_script", "two_scripts", "mode", "failed_without_code", "status", "unknown_member"],
    )
    def test_with_a_fault_is_refused(self, action: dict[str, Any]) -> None:
        """
        With the place of the fault.
        """
        with pytest.raises(ConnectorSettingsError, match="actions"):
            make(go=action)


class _Untouchable:
    def __init__(self, **actions: Any) -> None:
        self.actions = actions

    def describe(self) -> Any:
        """
        Describe what may not be done.
        """
        return {"actions": self.actions}

    def call(self, request: Request) -> EffectOutcome:
        """
        Tell that it was called after all.
        """
        raise AssertionError(request)


class TestAStandIn:
    """
    "Never asks the other to do anything."
    """

    def test_answers_a_dry_run_with_the_declared_shape(self, perform: Perform) -> None:
        """
        And fails where none is declared.
        """
        connector = DryRunConnector(
            _Untouchable(
                read={"mode": "read", "dry_run": [1]},
                none={"mode": "read"},
                odd={"mode": "read", "dry_run": object()},
                write={"mode": "mutate", "dry_run": None},
            )
        )
        assert connector.describe()["actions"]["read"]["mode"] == "read"
        assert thaw(perform(connector, "read").output) == [1]
        assert perform(connector, "write", mode="mutate").status.value == "succeeded"
        codes = [perform(connector, name).code for name in ("none", "odd", "write", "other")]
        assert codes == ["unsupported", "unsupported", "policy_denied", "capability_undeclared"]

    def test_that_is_off_refuses_everything(self, perform: Perform) -> None:
        """
        And still says what it would do.
        """
        connector = DisabledConnector(_Untouchable(read={"mode": "read"}))
        assert perform(connector, "read").code == "disabled"
        assert connector.describe() == {"actions": {"read": {"mode": "read"}}}

    def test_performs_effects_only(self, make_request: Callable[..., Request]) -> None:
        """
        A question to a person is none.
        """
        ask = HumanAsk(prompt="?", shown=EMPTY_OBJECT, choices=("approve",), input_schema=None, approvers=())
        request = attrs.evolve(make_request("read"), ask=ask)
        connector = make(read={"mode": "read", "outcome": DONE})
        assert DryRunConnector(connector).call(request).code == "capability_undeclared"
        assert connector.call(request).code == "capability_undeclared"
        assert connector.reconcile(request).code == "unsupported"
