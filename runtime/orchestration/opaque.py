"""What a step may do with a seal: carry it, replace it, take it away. Everything else fails with `sealed_value`.

A step that counted with a seal would count with a hash, and what it made of that would be wrong without anybody seeing
it. What expressions make of seals is in `policy/semantics.py`; this is for the operations that follow paths.
"""

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.order import order_key
from runtime.encoding.seal import find_seals, is_sealed, may_hold_seal
from runtime.orchestration.failures import StepErrorCode, StepFailure

__all__ = ["canonical_opened", "order_opened", "refuse_sealed"]


def refuse_sealed(value: JsonValue, where: str = "") -> None:
    """
    Fail where a value is a seal.

    Raises:
        StepFailure: `sealed_value`.
    """
    if is_sealed(value):
        raise _failure(where)


def canonical_opened(value: JsonValue, where: str = "") -> bytes:
    """
    Give the canonical bytes of a value that is told from others by them.

    Raises:
        StepFailure: `sealed_value`, where a seal stands anywhere in it.
    """
    raw = canonical(value)
    if may_hold_seal(raw):
        for path, _ in find_seals(value):
            raise _failure(f"{where}{path}")
    return raw


def order_opened(value: JsonValue, where: str = "") -> tuple[int, JsonValue]:
    """
    Give the key by which a value sorts.

    Raises:
        StepFailure: as `canonical_opened`.
    """
    key = order_key(value)
    if type(value) in (dict, list) and may_hold_seal(key[1]):
        canonical_opened(value, where)
    return key


def _failure(where: str) -> StepFailure:
    return StepFailure(StepErrorCode.SEALED_VALUE, "a sealed value: a step can carry it, and nothing more", where=where)
