"""What executions remember from one to the next: when the next attempt is due, and failures in a row.

A bucket of `limit` tokens that fills up in one window is kept as one number, the time at which it would be full again, so
there is nothing to refill and no rounding that adds up. Times are nanoseconds of the clock that was passed in.
"""

import threading
from typing import Final, final

__all__ = ["ExecutionState"]

_NS_PER_MS: Final = 1_000_000


@final
class ExecutionState:
    """
    Buckets and breakers by action; several threads may use it at once. A copy begins anew.
    """

    def __init__(self) -> None:
        """
        Begin with full buckets and closed breakers.
        """
        self._lock = threading.Lock()
        self._full_at: dict[str, int] = {}
        self._failures: dict[str, int] = {}
        self._closed_at: dict[str, int] = {}

    def __reduce__(self) -> tuple[type["ExecutionState"], tuple[()]]:
        """
        Copy and pickle as a new one, because a time of one process means nothing in another.
        """
        return ExecutionState, ()

    def take(self, action: str, *, now_ns: int, per_action: int | None, overall: int | None, window_ms: int) -> int:
        """
        Take a token of the action and one of all; gives 0, or the milliseconds to wait until both are there.

        Nothing is taken where one of them is missing.
        """
        limits = [(name, limit) for name, limit in ((action, per_action), ("", overall)) if limit is not None]
        window = window_ms * _NS_PER_MS
        with self._lock:
            full_at = {}
            wait = 0
            for name, limit in limits:
                # Rounded up: more than the limit in a window would be a limit that was crossed.
                cost = -(-window // limit)
                full_at[name] = max(now_ns, self._full_at.get(name, now_ns)) + cost
                wait = max(wait, full_at[name] - cost * limit - now_ns)
            if wait > 0:
                return -(-wait // _NS_PER_MS)
            self._full_at |= full_at
            return 0

    def permit(self, action: str, *, now_ns: int, cooldown_ms: int) -> int:
        """
        Ask the breaker of an action; gives 0, or the milliseconds until it may be asked again.

        When the time is over one attempt is let through; others wait as long again, unless that one succeeds.
        """
        with self._lock:
            closed_at = self._closed_at.get(action)
            if closed_at is None:
                return 0
            if now_ns < closed_at:
                return -(-(closed_at - now_ns) // _NS_PER_MS)
            self._closed_at[action] = now_ns + cooldown_ms * _NS_PER_MS
            return 0

    def record(self, action: str, *, is_success: bool, now_ns: int, threshold: int, cooldown_ms: int) -> None:
        """
        Count an attempt; as many failures in a row as the threshold open the breaker.
        """
        with self._lock:
            if is_success:
                self._failures.pop(action, None)
                self._closed_at.pop(action, None)
                return
            self._failures[action] = self._failures.get(action, 0) + 1
            if self._failures[action] >= threshold:
                self._closed_at[action] = now_ns + cooldown_ms * _NS_PER_MS
