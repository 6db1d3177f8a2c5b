"""The decision types. The order of fields is part of the contract, and the objects can be changed, as they always could.

Objects of another copy of these classes are read by value (`runtime/execution/decision.py`); nothing tests their class.
"""

import copy
from collections.abc import Mapping
from enum import Enum
from typing import Any, final

import attrs

from runtime.decision_schema.compat import SCHEMA_VERSION, is_compatible

__all__ = ["Action", "FinalDecision", "MismatchInfo", "PacketV2", "Proposal"]


@final
class Action(str, Enum):  # noqa: UP042 - `str(Action.ACT)` is "Action.ACT" by contract, and StrEnum says "ACT".
    """
    What may be decided.
    """

    HOLD = "HOLD"
    ACT = "ACT"
    EXIT = "EXIT"
    CANCEL = "CANCEL"
    STOP = "STOP"


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - a converter takes what comes.
    return list(value) if value else []


def _dict(value: Any) -> dict[str, Any]:  # noqa: ANN401 - as above.
    return value or {}


def _copied(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return copy.deepcopy(dict(params)) if params else {}


def _is_confidence(_: object, __: "attrs.Attribute[float]", value: float) -> None:
    # `not` because NaN fails every comparison.
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError(f"confidence {value!r:.80}: give a number from 0 to 1")


@final
@attrs.define
class Proposal:
    """
    An action that somebody proposes.
    """

    action: Action
    confidence: float = attrs.field(validator=_is_confidence)
    reasons: list[str] = attrs.field(default=None, converter=_list)
    params: dict[str, Any] | None = None
    run_id: str | None = None
    features_summary: dict[str, Any] = attrs.field(default=None, converter=_dict)

    def to_params(self) -> dict[str, Any]:
        """
        Give a copy of the params.
        """
        return _copied(self.params)


@final
@attrs.define
class MismatchInfo:
    """
    What does not fit between a proposal and the state of the world.
    """

    flags: list[str] = attrs.field(default=None, converter=_list)
    reason_codes: list[str] = attrs.field(default=None, converter=_list)
    throttle_refresh_ms: int | None = None
    metadata: dict[str, Any] | None = None


@final
@attrs.define
class FinalDecision:
    """
    What was decided. `actions` are several actions in order; without them it is the one of `action`.
    """

    action: Action
    allowed: bool = True
    reasons: list[str] = attrs.field(default=None, converter=_list)
    mismatch: MismatchInfo | None = None
    throttle_ms: int | None = None
    cooldown_ms: int | None = None
    params: dict[str, Any] | None = None
    _actions: list[Action] | None = attrs.field(default=None, alias="actions", kw_only=True)

    @property
    def actions(self) -> list[Action]:
        """
        The actions in order.
        """
        return self._actions or [self.action]

    @actions.setter
    def actions(self, value: list[Action] | None) -> None:
        self._actions = value

    def to_params(self) -> dict[str, Any]:
        """
        Give a copy of the params.
        """
        return _copied(self.params)


@final
@attrs.define
class PacketV2:
    """
    One step of a run as it is traced.
    """

    run_id: str
    step: int
    input: dict[str, Any]
    external: dict[str, Any]
    mdm: dict[str, Any]
    final_action: dict[str, Any]
    latency_ms: int
    mismatch: dict[str, Any] | MismatchInfo | None = None
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """
        Give every field, copied; a `MismatchInfo` becomes a dict.
        """
        return copy.deepcopy(attrs.asdict(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PacketV2":
        """
        Read what `to_dict` gave; the argument stays as it is.

        Raises:
            ValueError: a field is missing or unknown, or the version is missing or of another major number.
        """
        names = {field.name for field in attrs.fields(cls)}
        # A missing version is never taken for the present one: nobody knows what the packet means then.
        missing = sorted(names - {"mismatch"} - set(data))
        unknown = sorted(map(repr, set(data) - names))
        if missing or unknown:
            raise ValueError(f"no packet: missing {missing}, unknown {unknown}")
        if not is_compatible(data["schema_version"], 0):
            raise ValueError(f"a packet of version {data['schema_version']!r:.80}: this reads versions 0.x")
        return cls(**copy.deepcopy(dict(data)))
