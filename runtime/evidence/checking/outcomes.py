"""What a check can come to, and what it looks at. Read `../verify.py` for the table of checks."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, final

import attrs

from runtime.encoding.digest import digest_of_bytes
from runtime.errors import (
    AnswerRefusedError,
    CheckpointMismatchError,
    DefinitionError,
    Fault,
    IntegrityError,
    MissionEngineError,
)
from runtime.evidence.bundle import build_inputs
from runtime.evidence.trust import Trust
from runtime.limits import MAX_FAULTS
from runtime.orchestration.answering import digest_of_answers
from runtime.orchestration.engine import execute
from runtime.orchestration.result import OrchestrationResult

__all__ = [
    "Execution",
    "Finding",
    "Material",
    "Outcome",
    "asserted",
    "counted",
    "failed",
    "failed_by",
    "nothing",
    "passed",
]


class Outcome(StrEnum):
    """
    What a check came to.
    """

    RE_CHECKED = "re-checked"
    """It holds, and whoever made the bundle was not believed for it."""
    ASSERTED = "asserted by the supplier"
    """Nothing contradicts it, and nothing but the bundle says so."""
    NO_INFORMATION = "no information"
    """The bundle does not say, or what it says cannot be read."""
    FAILED = "FAILED"
    """It does not hold."""


@final
@attrs.frozen
class Finding:
    """
    What a check came to, and a sentence on why.
    """

    outcome: Outcome
    detail: str


def passed(detail: str) -> Finding:
    """
    Say that it was checked and holds.
    """
    return Finding(Outcome.RE_CHECKED, detail)


def asserted(detail: str) -> Finding:
    """
    Say that only the supplier says so.
    """
    return Finding(Outcome.ASSERTED, detail)


def nothing(detail: str) -> Finding:
    """
    Say that the bundle does not tell.
    """
    return Finding(Outcome.NO_INFORMATION, detail)


def failed(detail: str) -> Finding:
    """
    Say that it does not hold.
    """
    return Finding(Outcome.FAILED, detail)


def failed_by(faults: Sequence[str]) -> Finding:
    """
    Say what does not hold; of many faults the first ones, so that a report stays one that people read.
    """
    hidden = len(faults) - MAX_FAULTS
    said = "; ".join(faults[:MAX_FAULTS])
    return failed(f"{said}; and {hidden} more" if hidden > 0 else said)


def counted(count: int, one: str, many: str) -> str:
    """
    Say how many there are.
    """
    return f"{count} {one if count == 1 else many}"


@final
@attrs.frozen(kw_only=True)
class Execution:
    """
    A re-execution, or why there is none. `is_foreign` says that another version of the execution rules is needed.
    """

    result: OrchestrationResult | None = None
    refusal: str = ""
    is_foreign: bool = False


@final
@attrs.frozen(kw_only=True, eq=False)
class Material:
    """
    A bundle that is being checked, and the trust it is held against. `parts` holds those that could be read.
    """

    raw: bytes = attrs.field(repr=False)
    document: dict[str, Any] = attrs.field(repr=False)
    parts: dict[str, Any] = attrs.field(repr=False)
    faults: tuple[Fault, ...]
    trust: Trust | None

    @cached_property
    def digest(self) -> str:
        """
        The digest of the bytes, as they are.
        """
        return digest_of_bytes(self.raw)

    @cached_property
    def header_digest(self) -> str:
        """
        The digest of the header.
        """
        digest: str = self.parts["header"].digest
        return digest

    @cached_property
    def execution(self) -> Execution:
        """
        The run, executed again from the inputs in the bundle.
        """
        try:
            return Execution(result=execute(build_inputs(self.parts)))
        except CheckpointMismatchError as error:
            return Execution(refusal=_say(error), is_foreign=True)
        except (AnswerRefusedError, DefinitionError, IntegrityError) as error:
            return Execution(refusal=_say(error))

    @cached_property
    def answers_digest(self) -> str:
        """
        The digest of the answers, as the receipt names it.
        """
        return digest_of_answers(self.parts["answers"])


def _say(error: MissionEngineError) -> str:
    return "; ".join([error.what, *map(str, error.faults), *filter(None, (error.remedy,))])
