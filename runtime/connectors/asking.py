"""What every connector with declared actions asks before it acts: is this action declared, on, of this mode, so filled?

The answers are error classes that the execution core knows; none of them is helped by another try.
"""

from collections.abc import Mapping
from typing import Any, Final, final

import attrs

from runtime.connectors.command import fits
from runtime.connectors.outcomes import failed
from runtime.values.answers import EffectOutcome
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["Declared", "refuse"]


@final
@attrs.frozen(kw_only=True)
class Declared:
    """
    What is declared of an action: its mode, the JSON Schema of its params (None takes any), and whether it is on.
    """

    mode: EffectMode
    schema: Mapping[str, Any] | None
    is_enabled: bool = True


_UNDECLARED: Final = failed("capability_undeclared")


def refuse(request: Request, declared: Mapping[str, Declared]) -> EffectOutcome | None:
    """
    Give the outcome of a request that is not to be carried out, or None.
    """
    ask = request.ask
    action = declared.get(ask.action) if isinstance(ask, EffectAsk) else None
    if not isinstance(ask, EffectAsk) or action is None:
        return _UNDECLARED
    if not action.is_enabled:
        return failed("disabled")
    if ask.mode is EffectMode.READ and action.mode is EffectMode.MUTATE:
        return failed("policy_denied", reason="mode_mismatch")
    if action.schema is not None and not fits(ask.params, action.schema):
        return failed("validation_failed", reason="invalid_params")
    return None
