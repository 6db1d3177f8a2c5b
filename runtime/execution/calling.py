"""What the execution asks for, and how an executor is called and its answer judged. Only the contract is believed."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.errors import ExecutionHaltedError
from runtime.execution.decision import copied
from runtime.execution.model import AttemptStatus, ExecutionCode, halted
from runtime.execution.redaction import message_text

__all__ = [
    "Call",
    "Ended",
    "Executor",
    "find_style",
    "invoke",
    "judge",
    "raised",
    "refused",
    "unknown",
    "violation",
    "wait_failure",
]

Executor = Callable[..., tuple[bool, str | None] | Awaitable[tuple[bool, str | None]]]
"""`(action, context)`, or with `params` and `idempotency_key` as keywords; gives `(succeeded, reason)`."""

_CONTRACT_LENGTH: Final = 2


@final
@attrs.frozen
class Call:
    """
    A request of the execution: perform one attempt, within so many seconds.
    """

    sequence: int
    action: Action
    attempt: int
    key: str | None
    limit: float | None

    @property
    def name(self) -> str:
        """
        The name of what runs it, so that one that is left behind can be found.
        """
        return f"execution:{self.sequence}:{self.action.value}:{self.attempt}"


@final
@attrs.frozen
class Ended:
    """
    How an attempt ended.
    """

    status: AttemptStatus
    code: ExecutionCode | None = None
    message: str | None = None
    error_type: str | None = None
    fails_closed: bool = False
    is_final: bool = False
    """It is known not done, and another try would not help."""

    @property
    def is_over(self) -> bool:
        """
        Tell whether nothing more is to be tried.
        """
        return self.status is AttemptStatus.SUCCESS or self.fails_closed or self.is_final


_SUCCESS: Final = Ended(AttemptStatus.SUCCESS)


def find_style(executor: Any) -> bool:  # noqa: ANN401 - anything may be passed.
    """
    Tell whether an executor takes `params` and `idempotency_key`.

    Raises:
        ExecutionHaltedError: it cannot be called in either way.
    """
    if not callable(executor):
        raise halted(ExecutionCode.INVALID_EXECUTOR, f"an executor of type {type(executor).__name__}")
    try:
        signature = inspect.signature(executor)
    except (TypeError, ValueError):
        return False  # Some callables written in C do not tell; the contract's two arguments are tried.
    except Exception as error:  # a foreign callable says how it is called by code of its own.
        what = f"an executor whose signature raises {type(error).__name__}"
        raise halted(ExecutionCode.INVALID_EXECUTOR, what) from error
    for takes_more, names in ((True, ("params", "idempotency_key")), (False, ())):
        try:
            signature.bind(None, None, **dict.fromkeys(names))
        except TypeError:
            continue
        return takes_more
    raise halted(ExecutionCode.INVALID_EXECUTOR, "an executor that takes neither (action, context) nor more")


def invoke(executor: Executor, call: Call, context: dict[str, Any], params: dict[str, Any], *, takes_more: bool) -> Any:  # noqa: ANN401 - judged afterwards.
    """
    Call an executor as it wants to be called.
    """
    if takes_more:
        # A copy each time: what is tried again is what was decided, whatever the attempt before did to its own.
        return executor(call.action, context, params=copied(params), idempotency_key=call.key)
    return executor(call.action, context)


def judge(answer: Any) -> Ended:  # noqa: ANN401 - anything may be returned.
    """
    Judge what an executor returned; `(1, None)`, a list or an awaitable is no answer, and no success.
    """
    if type(answer) is tuple and len(answer) == _CONTRACT_LENGTH:
        succeeded, reason = answer
        if succeeded is True and (reason is None or type(reason) is str):
            return _SUCCESS
        if succeeded is False and (reason is None or type(reason) is str):
            return Ended(AttemptStatus.FAILED, ExecutionCode.EXECUTOR_FAILED, message_text(reason))
    if inspect.iscoroutine(answer):
        answer.close()  # Else Python warns that nobody awaited it.
    return violation(type(answer).__name__)


def violation(kind: str) -> Ended:
    """
    Judge an answer of a type that the contract does not have.
    """
    return Ended(
        AttemptStatus.FAILED,
        ExecutionCode.EXECUTOR_CONTRACT_VIOLATION,
        message_text(f"the executor returned {kind}, not (bool, str or None)"),
        fails_closed=True,
    )


def unknown(code: ExecutionCode, message: str) -> Ended:
    """
    Judge an attempt of which nobody knows what it did.
    """
    return Ended(AttemptStatus.UNKNOWN, code, message, fails_closed=True)


def raised(kind: str) -> Ended:
    """
    Judge an exception, of which only the name of its class is told: its text may hold anything.
    """
    # A class may be made with any name.
    return Ended(AttemptStatus.FAILED, ExecutionCode.EXECUTOR_RAISED, None, message_text(kind), fails_closed=True)


def refused(code: ExecutionCode, message: str) -> Ended:
    """
    Judge an attempt that could not be made safely.
    """
    return Ended(AttemptStatus.DENIED, code, message, fails_closed=True)


def wait_failure(error: Exception) -> ExecutionHaltedError:
    """
    Give what stops an execution whose sleep failed.
    """
    return halted(ExecutionCode.CLOCK_FAILED, f"the sleep raised {type(error).__name__}")
