"""How long to wait before the next attempt: a pure function of the policy, a seed and the number of the attempt."""

from hashlib import sha256
from typing import Final

from runtime.execution.plan import Plan

__all__ = ["backoff_ms"]

_DRAW_BYTES: Final = 8


def backoff_ms(plan: Plan, attempt: int, seed: str) -> int:
    """
    Give the back-off after an attempt, in whole milliseconds.

    Args:
        plan: the checked policy.
        attempt: the number of the attempt that failed, from 0.
        seed: what full jitter is drawn from; equal seeds give equal back-offs, on any machine.
    """
    # Inexact beyond 2^53 and infinite beyond 10^308; the least of the two is right in both cases.
    longest = int(min(plan.initial_backoff_ms * float(plan.backoff_multiplier) ** attempt, plan.max_backoff_ms))
    if not plan.has_jitter:
        return longest
    draw = sha256(f"{seed}:{attempt}".encode("utf-8", "surrogatepass")).digest()[:_DRAW_BYTES]
    return int.from_bytes(draw) * (longest + 1) >> 8 * _DRAW_BYTES
