"""What `mission execute` is given: a decision, a policy and an executor, each read strictly."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.cli.inputs import read_file_argument
from runtime.decision_schema.types import Action, FinalDecision, MismatchInfo
from runtime.encoding.document import Document, place_faults, structure_document
from runtime.encoding.intake import parse_document
from runtime.encoding.jsontext import parse_json
from runtime.errors import ExecutionError, ExecutionPolicyError, UsageError, shown
from runtime.execution import (
    BreakerPolicy,
    ExecutionPolicy,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
)

__all__ = ["found_here", "load_executor", "read_decision", "read_execution_context", "read_execution_policy"]

_match_place = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)", re.ASCII).fullmatch
_STDIN: Final = "standard input"


@final
@attrs.frozen(kw_only=True)
class _Decision:
    """
    A decision as it is written. `allowed` has no default: what does not say it is allowed is not.
    """

    action: Action
    allowed: bool
    actions: tuple[Action, ...] | None = None
    reasons: tuple[str, ...] = ()
    params: dict[str, Any] | None = None
    mismatch: MismatchInfo | None = None
    throttle_ms: int | None = None
    cooldown_ms: int | None = None


@final
@attrs.frozen(kw_only=True)
class _Idempotency:
    enabled: bool = False


@final
@attrs.frozen(kw_only=True)
class _Policy:
    """
    A policy as it is written.
    """

    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    timeout: TimeoutPolicy = attrs.field(factory=TimeoutPolicy)
    idempotency: _Idempotency = attrs.field(factory=_Idempotency)
    rate_limit: RateLimitPolicy = attrs.field(factory=RateLimitPolicy)
    breaker: BreakerPolicy = attrs.field(factory=BreakerPolicy)
    max_concurrency: int = 1


def read_decision(path: str) -> FinalDecision:
    """
    Read a decision from JSON or YAML.

    Raises:
        UsageError: it is none; every fault is listed with its line.
        EncodingError: it holds neither JSON nor YAML.
    """
    read = structure_document(_read(path, "DECISION"), _Decision, what="decision", error=UsageError)
    return FinalDecision(
        read.action,
        read.allowed,
        list(read.reasons),
        read.mismatch,
        read.throttle_ms,
        read.cooldown_ms,
        read.params,
        actions=None if read.actions is None else list(read.actions),
    )


def read_execution_policy(path: str) -> ExecutionPolicy:
    """
    Read a policy from JSON or YAML; what it does not say has its default.

    Raises:
        UsageError: it is none; every fault is listed with its line.
        ExecutionPolicyError: a field is out of its bounds; every such field is listed with its line.
        EncodingError: it holds neither JSON nor YAML.
    """
    document = _read(path, "--policy")
    read = structure_document(document, _Policy, what="execution policy", error=UsageError)
    policy = ExecutionPolicy(
        retry=read.retry,
        timeout=read.timeout,
        idempotency=IdempotencyPolicy(enabled=read.idempotency.enabled),
        rate_limit=read.rate_limit,
        breaker=read.breaker,
        max_concurrency=read.max_concurrency,
    )
    try:
        policy.validate()
    except ExecutionPolicyError as error:
        raise place_faults(error, document) from error
    return policy


def read_execution_context(path: str | None) -> dict[str, Any]:
    """
    Read a context from JSON or YAML; without a file it is empty.

    Raises:
        UsageError: it is no object.
        EncodingError: it holds neither JSON nor YAML.
    """
    if path is None:
        return {}
    document = _read(path, "--context")
    if type(document.value) is not dict:
        raise UsageError(f"a context that is {shown(document.value)}", where=document.source, remedy="give an object")
    return document.value


def _read(path: str, option: str) -> Document:
    raw = read_file_argument(path, option)
    if path == "-":
        return Document(source=_STDIN, value=parse_json(raw, source=_STDIN))
    return parse_document(raw, source=path)


@contextmanager
def found_here() -> Iterator[None]:
    """
    Let modules of the working directory be imported, and what they print go to stderr, which no program reads.
    """
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(ValueError):  # It may have changed the path itself.
            sys.path.remove(here)


def load_executor(place: str) -> Callable[..., Any]:
    """
    Import an executor, named as `module:function`.

    Raises:
        UsageError: there is none.
    """
    match = _match_place(place)
    if match is None:
        raise UsageError(f"--executor {shown(place)}", remedy="name it as module:function")
    try:
        module = import_module(match["module"])
    except (Exception, SystemExit) as error:  # foreign code runs when it is imported.
        raise UsageError(
            f"--executor: module {shown(match['module'])} cannot be imported: {type(error).__name__}",
            remedy="name a module of the working directory, or of an installed package",
        ) from error
    executor = getattr(module, match["name"], None)
    if not callable(executor):
        raise UsageError(
            f"--executor: {shown(match['name'])} of {shown(match['module'])} is no function",
            remedy="name a function that takes an action and a context",
        )

    @wraps(executor)
    def call(*words: Any, **named: Any) -> Any:  # noqa: ANN401 - as the executor takes and gives.
        try:
            return executor(*words, **named)
        except SystemExit as error:
            # It would end the command with a status of its own, whatever was done.
            raise ExecutionError("the executor wanted to end the process", remedy="let it return") from error

    return call
