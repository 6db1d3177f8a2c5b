"""Reads a decision by value: its class is never asked for, because another copy of the contract may have made it.

What is not clearly a decision is refused whole: nothing of it is executed.
"""

from collections.abc import Mapping
from typing import Any, Final

from runtime.decision_schema.types import Action
from runtime.errors import ExecutionHaltedError, shown
from runtime.execution.model import ExecutionCode, halted
from runtime.limits import MAX_ACTIONS

__all__ = ["actions_of", "copied", "is_allowed", "params_of"]

_ACTIONS: Final = {action.value: action for action in Action}
_MISSING: Final = object()


def is_allowed(decision: Any) -> bool:  # noqa: ANN401 - of any class.
    """
    Tell whether a decision is allowed: only the value True is, not what is merely true.

    Raises:
        ExecutionHaltedError: it does not say.
    """
    return _read(decision, "allowed") is True


def actions_of(decision: Any) -> tuple[Action, ...]:  # noqa: ANN401 - of any class.
    """
    Give the actions in order.

    Raises:
        ExecutionHaltedError: one of them is unknown, or there are none or too many.
    """
    listed = _read(decision, "actions", None)
    if listed is None:
        return (_action(_read(decision, "action")),)
    if type(listed) not in (list, tuple) or not 0 < len(listed) <= MAX_ACTIONS:
        raise _refusal(f"actions {shown(listed)}: give a list of 1 to {MAX_ACTIONS} actions")
    return tuple(map(_action, listed))


def params_of(decision: Any) -> dict[str, Any]:  # noqa: ANN401 - of any class.
    """
    Give the params as a dict of their own.

    Raises:
        ExecutionHaltedError: they are no mapping, or cannot be copied.
    """
    params = _read(decision, "params", None)
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        raise _refusal(f"params of type {type(params).__name__}: give a mapping, or None")
    try:
        own: dict[str, Any] = copied(dict(params))
    except Exception as error:  # a foreign mapping may raise anything; one that holds itself cannot be copied.
        raise _refusal(f"params cannot be read: {type(error).__name__}") from error
    return own


def copied(value: Any) -> Any:  # noqa: ANN401 - params hold anything.
    """
    Copy dicts and lists at any depth, so that nobody who changes one changes the other.
    """
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if type(value) is list else value


def _action(given: Any) -> Action:  # noqa: ANN401 - of any class.
    if type(given) is Action:
        return given
    value = _read(given, "value", given)
    # Exactly str: a subclass may compare equal to anything.
    if type(value) is not str or value not in _ACTIONS:
        raise _refusal(f"action {shown(given)}: one of {', '.join(sorted(_ACTIONS))}")
    return _ACTIONS[value]


def _read(decision: Any, name: str, default: Any = _MISSING) -> Any:  # noqa: ANN401 - of any class.
    try:
        value = getattr(decision, name, default)
    except Exception as error:  # a foreign property may raise anything, and then nothing is known.
        raise _refusal(f"{name} cannot be read: {type(error).__name__}") from error
    if value is _MISSING:
        raise _refusal(f"a decision of type {type(decision).__name__} without {name}")
    return value


def _refusal(what: str) -> ExecutionHaltedError:
    return halted(ExecutionCode.INVALID_DECISION, what)
