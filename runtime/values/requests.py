"""Requests: what a run waits for, bound to everything it rests on."""

from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject

__all__ = ["REQUEST_SCHEMA", "EffectAsk", "EffectMode", "HumanAsk", "Pending", "Request", "WaitReason"]

REQUEST_SCHEMA: Final = "request/v1"
"""Schema of the record."""


class EffectMode(StrEnum):
    """
    Whether an effect only reads, or changes something outside.
    """

    READ = "read"
    MUTATE = "mutate"


@final
@attrs.frozen(kw_only=True)
class HumanAsk:
    """
    What a person is asked.

    An empty `approvers` lets any named actor decide; `quorum` is the count of distinct actors needed, and `not_by` are
    those who may not be among them. `shown` are values of the state, by label: what the person sees is what the request
    is bound to. `signed` wants each decision signed; `expires_after_ms` is the time to decide, from when it was asked.
    """

    prompt: str
    shown: JsonObject
    choices: tuple[str, ...]
    input_schema: JsonObject | None
    approvers: tuple[str, ...]
    quorum: int = 1
    not_by: tuple[str, ...] = ()
    signed: bool = False
    expires_after_ms: int | None = None

    KIND: ClassVar[str] = "human"

    @property
    def is_guarded(self) -> bool:
        """
        Tell whether its decisions are to be checked by a driver: for their signature, or for their time.
        """
        return self.signed or self.expires_after_ms is not None


@final
@attrs.frozen(kw_only=True)
class EffectAsk:
    """
    What a connector is asked to do.
    """

    connector: str
    action: str
    params: JsonObject = attrs.field(repr=False)
    """Not shown, because a connector is given them with the seals opened."""
    mode: EffectMode

    KIND: ClassVar[str] = "effect"


@final
@attrs.frozen(kw_only=True)
class Request:
    """
    The record `request/v1`: what the engine waited for.

    Its digest covers the run (header digest), the place in it (sequence from 1, step id, lineage head), the state the
    step starts from, and the question. So an answer to it is an answer to nothing else.
    """

    run_digest: str
    sequence: int
    step_id: str
    lineage_head: str
    input_digest: str
    ask: HumanAsk | EffectAsk
    recorded_as: str | None = None
    """The digest of the request as it is recorded, where this is the one with its seals opened; in no record."""

    def to_dict(self) -> dict[str, object]:
        """
        Give the record as a plain dict.
        """
        members = unstructure(self)
        del members["recorded_as"]
        return {"schema": REQUEST_SCHEMA, **members}

    @cached_property
    def digest(self) -> str:
        """
        The digest an answer is bound to.
        """
        return self.recorded_as or digest_of_bytes(canonical_record(self.to_dict()))

    def opened_with(self, params: JsonObject) -> Self:
        """
        Give the request to a connector, with the seals in its params opened. Its digest stays that of the record.
        """
        assert isinstance(self.ask, EffectAsk)  # noqa: S101 - narrows the type; only an effect has params.
        return attrs.evolve(self, ask=attrs.evolve(self.ask, params=params), recorded_as=self.digest)


class WaitReason(StrEnum):
    """
    Why a request is open: nobody answered, or the outcome of the effect cannot be known yet.
    """

    UNANSWERED = "unanswered"
    UNKNOWN = "unknown"


@final
@attrs.frozen(kw_only=True)
class Pending:
    """
    An open request and the reason it is open.
    """

    request: Request
    reason: WaitReason

    @property
    def digest(self) -> str:
        """
        The digest of the request.
        """
        return self.request.digest

    def to_dict(self) -> dict[str, object]:
        """
        Give it as a plain dict, with the request's digest.
        """
        return {"digest": self.digest, "reason": self.reason.value, "request": self.request.to_dict()}
