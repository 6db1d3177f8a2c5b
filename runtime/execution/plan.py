"""A policy that was checked: what the execution reads. Nobody can change it while it is used."""

from collections.abc import Callable
from typing import Any, final

import attrs

from runtime.execution.state import ExecutionState

__all__ = ["Plan"]


@final
@attrs.frozen(kw_only=True)
class Plan:
    """
    A checked policy, in the units the execution counts in.
    """

    max_retries: int
    initial_backoff_ms: int
    max_backoff_ms: int
    backoff_multiplier: float
    has_jitter: bool
    attempt_seconds: float | None
    total_seconds: float | None
    is_isolated: bool
    is_idempotent: bool
    key_generator: Callable[[Any, Any], str] | None
    per_action: int | None
    overall: int | None
    window_ms: int
    failure_threshold: int | None
    cooldown_ms: int
    max_concurrency: int
    state: ExecutionState

    is_limited: bool = attrs.field(init=False)
    is_plain: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        set_once = object.__setattr__
        set_once(self, "is_limited", self.total_seconds is not None or self.attempt_seconds is not None)
        bounds = (self.per_action, self.overall, self.failure_threshold)
        bounded = (
            self.is_limited or self.is_isolated or self.is_idempotent or any(bound is not None for bound in bounds)
        )
        set_once(self, "is_plain", not bounded)
