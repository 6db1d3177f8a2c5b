"""A clock that a test turns, and executors that play a script."""

import threading
from collections.abc import Iterable
from typing import Any, final

from runtime.errors import ExecutionError

__all__ = ["AsyncScriptedExecutor", "ManualClock", "ScriptedExecutor"]


@final
class ManualClock:
    """
    A clock that stands still until it is told to go on. It is called for the time, and its sleeps take none.

    `slept` lists the seconds of every sleep, in order.
    """

    def __init__(self, seconds: float = 0) -> None:
        """
        Begin at a time.
        """
        self._lock = threading.Lock()
        # Whole nanoseconds, because seconds that are added up are never quite what was added.
        self._now_ns = round(seconds * 1e9)
        self.slept: list[float] = []

    def __call__(self) -> float:
        """
        Give the time in seconds.
        """
        return self._now_ns / 1e9

    def advance(self, seconds: float) -> None:
        """
        Let time pass.
        """
        with self._lock:
            self._now_ns += round(seconds * 1e9)

    def sleep(self, seconds: float) -> None:
        """
        Let time pass at once.
        """
        self.slept.append(seconds)
        self.advance(seconds)

    async def async_sleep(self, seconds: float) -> None:
        """
        Let time pass at once, for an async executor.
        """
        self.sleep(seconds)


class _Script:
    def __init__(self, answers: Iterable[Any], *, clock: ManualClock | None = None, seconds: float = 0) -> None:
        """
        Take the answers in order; an exception in them is raised. Each call takes so many seconds of the clock.
        """
        self._answers = list(answers)
        self._clock = clock
        self._seconds = seconds
        self.calls: list[tuple[Any, dict[str, Any], dict[str, Any], str | None]] = []

    def _next(self, action: Any, context: dict[str, Any], params: dict[str, Any] | None, key: str | None) -> Any:  # noqa: ANN401 - a script may answer anything.
        self.calls.append((action, context, params or {}, key))
        if self._clock is not None:
            self._clock.advance(self._seconds)
        if not self._answers:
            raise ExecutionError("no scripted answer left", remedy="add one to the script")
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


@final
class ScriptedExecutor(_Script):
    """
    Answers each call from a list. `calls` holds action, context, params and key of every call.
    """

    def __call__(
        self,
        action: Any,  # noqa: ANN401 - as it came.
        context: dict[str, Any],
        *,
        params: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:  # noqa: ANN401 - a script may answer anything.
        """
        Give the next answer.

        Raises:
            ExecutionError: none is left.
        """
        return self._next(action, context, params, idempotency_key)


@final
class AsyncScriptedExecutor(_Script):
    """
    The same for `aexecute`.
    """

    async def __call__(
        self,
        action: Any,  # noqa: ANN401 - as it came.
        context: dict[str, Any],
        *,
        params: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:  # noqa: ANN401 - a script may answer anything.
        """
        Give the next answer.

        Raises:
            ExecutionError: none is left.
        """
        return self._next(action, context, params, idempotency_key)
