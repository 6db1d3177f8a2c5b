"""The connector `mock`: gives the outcomes its settings list, and does nothing. For dry runs, examples and tests.

An action has one `outcome`, which it gives every time, or a list of `outcomes`, which it gives in turn; when they are used
up it fails. How far a list was used is known to this process alone: a run that another process goes on with starts it anew.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, final

import attrs

from runtime.connectors.asking import Declared, refuse
from runtime.connectors.command import is_not_empty
from runtime.connectors.outcomes import failed, unknown
from runtime.connectors.params import Param, describe_params
from runtime.encoding.converter import structure
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.errors import ConnectorSettingsError, DefinitionError
from runtime.values.answers import EffectOutcome, OutcomeStatus
from runtime.values.checks import is_small_json, of_type
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["Mock", "MockAction", "MockSettings", "build"]

_ANY_PARAMS: Final = {"type": "object"}


@final
@attrs.frozen(kw_only=True)
class MockAction:
    """
    One action: its mode, its params (any, unless they are declared), and what it gives.
    """

    mode: EffectMode = attrs.field(validator=of_type(EffectMode))
    params: dict[str, Param] | None = None
    outcome: EffectOutcome | None = None
    outcomes: tuple[EffectOutcome, ...] | None = None
    idempotent: bool = attrs.field(default=False, validator=of_type(bool))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))
    reconcile: EffectOutcome | None = None
    dry_run: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)

    def __attrs_post_init__(self) -> None:
        """
        Demand one kind of script.
        """
        if (self.outcome is None) == (self.outcomes is None):
            raise DefinitionError("no one script", where="outcome", remedy="give either outcome or outcomes")

    @property
    def script(self) -> tuple[EffectOutcome, ...]:
        """
        What it gives, in turn.
        """
        return self.outcomes or () if self.outcome is None else (self.outcome,)

    def describe(self) -> dict[str, Any]:
        """
        Say what it does; the shape of a dry run is the first output of its script, unless told otherwise.
        """
        shapes = [thaw(one.output) for one in self.script if one.status is OutcomeStatus.SUCCEEDED]
        return {
            "mode": self.mode.value,
            "params": _ANY_PARAMS if self.params is None else describe_params(self.params),
            "idempotent": self.idempotent or self.mode is EffectMode.READ,
            "dry_run": next(iter(shapes), None) if self.dry_run is None else thaw(self.dry_run),
            "reconcile": self.reconcile is not None,
        }


@final
@attrs.frozen(kw_only=True)
class MockSettings:
    """
    The settings document of `mock`.
    """

    actions: dict[str, MockAction] = attrs.field(validator=is_not_empty)


def build(settings: Any) -> "Mock":  # noqa: ANN401 - a settings document enters here.
    """
    Make the connector of a settings document.

    Raises:
        ConnectorSettingsError: with every fault and its path.
    """
    return Mock(settings=structure(settings, MockSettings, what="settings of mock", error=ConnectorSettingsError))


@final
@attrs.frozen(kw_only=True, eq=False)
class Mock:
    """
    Gives scripted outcomes.
    """

    settings: MockSettings = attrs.field(validator=of_type(MockSettings))
    _left: Mapping[str, deque[EffectOutcome]] = attrs.field(init=False, repr=False)

    @_left.default
    def _start(self) -> Mapping[str, deque[EffectOutcome]]:
        return {name: deque(action.outcomes or ()) for name, action in self.settings.actions.items()}

    def describe(self) -> Mapping[str, Any]:
        """
        List the actions.
        """
        actions = {name: action.describe() for name, action in sorted(self.settings.actions.items())}
        return {"actions": actions, "secrets": []}

    def call(self, request: Request) -> EffectOutcome:
        """
        Give the next outcome of the action.
        """
        refusal = refuse(request, self._declared())
        if refusal is not None:
            return refusal
        assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; `refuse` looked.
        action = self.settings.actions[request.ask.action]
        if action.outcome is not None:
            return action.outcome
        try:
            return self._left[request.ask.action].popleft()
        except IndexError:
            return failed("unsupported", reason="script_used_up")

    def reconcile(self, request: Request) -> EffectOutcome:
        """
        Give what the settings say a look would see.
        """
        action = self.settings.actions.get(request.ask.action) if isinstance(request.ask, EffectAsk) else None
        if action is None or action.reconcile is None:
            return unknown("unsupported")
        return action.reconcile

    def _declared(self) -> dict[str, Declared]:
        return {
            name: Declared(
                mode=action.mode,
                schema=None if action.params is None else describe_params(action.params),
                is_enabled=action.enabled,
            )
            for name, action in self.settings.actions.items()
        }
