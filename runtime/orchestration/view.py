"""A step's private, changeable view of one state.

A member is parsed on first touch into a private copy; committing encodes only the members that were marked as changed,
so a step costs what it touches. The state itself is never changed.
"""

from typing import final

from runtime.encoding.canonical import JsonValue, check_json, encode_checked
from runtime.errors import EncodingError, Fault
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.state import State

__all__ = ["StateView"]


@final
class StateView:
    """
    Reads and writes members by key; `paths.py` follows pointers below them.
    """

    __slots__ = ("_changed", "_loaded", "_state")

    def __init__(self, state: State) -> None:
        """
        Start from a state; nothing is parsed yet.
        """
        self._state = state
        self._loaded: dict[str, JsonValue] = {}
        self._changed: dict[str, bool] = {}  # Whether the member is still there.

    def __contains__(self, key: str) -> bool:
        """
        Tell whether there is such a member now.
        """
        return self._changed.get(key, key in self._state)

    def list_keys(self) -> list[str]:
        """
        List the members there are now.
        """
        kept = [key for key in self._state if self._changed.get(key, True)]
        return kept + [key for key, is_there in self._changed.items() if is_there and key not in self._state]

    def load(self, key: str) -> JsonValue:
        """
        Give the private copy of a member; the caller has made sure that it is there.
        """
        if key not in self._loaded:
            self._loaded[key] = self._state.parse(key)
        return self._loaded[key]

    def mark(self, key: str) -> None:
        """
        Say that a loaded member was changed in place.
        """
        self._changed[key] = True

    def put(self, key: str, value: JsonValue) -> None:
        """
        Write a member.
        """
        self._loaded[key] = value
        self._changed[key] = True

    def drop(self, key: str) -> None:
        """
        Remove a member.
        """
        self._loaded.pop(key, None)
        self._changed[key] = False

    def commit(self) -> State:
        """
        Give the state after the step.

        Raises:
            StepFailure: `state_too_deep` or `state_too_large`.
        """
        if not self._changed:
            return self._state
        after = self._state.with_pieces(
            {
                key: _encode_member(key, self._loaded[key]) if is_there else None
                for key, is_there in self._changed.items()
            }
        )
        if after.size > MAX_DOCUMENT_BYTES:
            raise StepFailure(StepErrorCode.STATE_TOO_LARGE, f"a state of {after.size} bytes")
        return after


def _encode_member(key: str, value: JsonValue) -> bytes:
    member = {key: value}
    try:
        raw = encode_checked(member)
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise StepFailure(StepErrorCode.STATE_TOO_LARGE, f"a member of {len(raw)} bytes")
        # All parts were checked when they came in; only put together can they be nested too deep.
        if type(value) in (dict, list) and raw.count(b"{") + raw.count(b"[") > MAX_DEPTH:
            check_json(member)
    except EncodingError as error:
        first = error.faults[0] if error.faults else Fault(error.what, error.where)
        raise StepFailure(StepErrorCode.STATE_TOO_DEEP, first.message, where=first.where) from error
    return raw[1:-1]
