"""The kill switch, read from the context and from a port. In doubt it is on.

The keys are in docs/reference/execution.md. Reading is cheap, because it happens before every attempt.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from runtime.execution.model import ExecutionCode
from runtime.ports import KillSwitch

__all__ = ["COOLDOWN_KEYS", "DENY_KEY", "NOW_KEY", "STATE_KEY", "find_stop", "read_switch"]

DENY_KEY: Final = "ops_deny_actions"
STATE_KEY: Final = "ops_state"
NOW_KEY: Final = "now_ms"
COOLDOWN_KEYS: Final = ("ops_cooldown_until_ms", "cooldown_until_ms")

_RED: Final = "RED"


def find_stop(context: Mapping[str, Any], *, elapsed_ms: int = 0, is_strict: bool = False) -> ExecutionCode | None:
    """
    Say why a context forbids to act now, or None.

    Args:
        context: the caller's mapping, read anew each time.
        elapsed_ms: milliseconds since the execution began, which `now_ms` of the context does not know of.
        is_strict: whether the kill switch must stand in the context.
    """
    try:
        denied = context.get(DENY_KEY, _ABSENT)
        if denied is _ABSENT:
            if is_strict:
                return ExecutionCode.CONTEXT_INCOMPLETE
        elif denied is not False:
            return ExecutionCode.KILL_SWITCH
        state = context.get(STATE_KEY)
        # The state may be a member of an enum of another package.
        if state is not None and (state == _RED or getattr(state, "value", None) == _RED):
            return ExecutionCode.KILL_SWITCH
        for key in COOLDOWN_KEYS:
            until = context.get(key)
            if until is not None and not _is_over(until, context.get(NOW_KEY), elapsed_ms):
                return ExecutionCode.KILL_SWITCH
    except Exception:  # noqa: BLE001 - the mapping and what is in it are foreign; whatever it raises, nothing was read.
        return ExecutionCode.KILL_SWITCH_UNREADABLE
    return None


_ABSENT: Final = object()
_NUMBERS: Final = (int, float)


def _is_over(until: object, now: object, elapsed_ms: int) -> bool:
    # Without a time nobody can say that it is over. NaN is not over either.
    return type(until) in _NUMBERS and type(now) in _NUMBERS and now + elapsed_ms >= until  # type: ignore[operator]  # checked here.


def read_switch(switch: KillSwitch | Callable[[], bool] | None) -> ExecutionCode | None:
    """
    Read the port; what fails or answers anything but True or False cannot be read, and then nothing goes on.
    """
    if switch is None:
        return None
    try:
        answer = switch.is_active() if hasattr(switch, "is_active") else switch()
    except Exception:  # noqa: BLE001 - foreign code; whatever it raises, the switch was not read.
        return ExecutionCode.KILL_SWITCH_UNREADABLE
    if answer is False:
        return None
    return ExecutionCode.KILL_SWITCH if answer is True else ExecutionCode.KILL_SWITCH_UNREADABLE
