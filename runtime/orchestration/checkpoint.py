"""The checkpoint: the inputs of a run so far, from which it is executed again.

There is no saved state in it to forge: definition, params, context, mode and the answers given. Executing it gives the
same bytes as the first time; adding an answer and executing it again is resuming.
"""

from enum import StrEnum
from itertools import islice
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import (
    CheckpointMismatchError,
    DefinitionError,
    Fault,
    IntegrityError,
    InvalidAnswerError,
    ModeError,
    shown,
)
from runtime.limits import MAX_ANSWERS
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.lineage import ENGINE_VERSION, RunHeader
from runtime.values.answers import Answer
from runtime.values.checks import is_identifier, is_optional_object, of_type

__all__ = ["Checkpoint", "Mode", "read_answers"]

_SCHEMA: Final = "checkpoint/v1"


class Mode(StrEnum):
    """
    What a run may touch: `observe` reads only, `apply` also changes things outside.
    """

    OBSERVE = "observe"
    APPLY = "apply"

    @classmethod
    def of(cls, name: str) -> Self:
        """
        Give the mode of a name.

        Raises:
            ModeError: there is no such mode.
        """
        if type(name) is cls:
            return name
        for mode in cls:
            if type(name) is str and name == mode.value:
                return mode
        raise ModeError(f"mode {shown(name)}", remedy=f"modes are {[mode.value for mode in cls]}")


def read_answers(value: Any) -> tuple[Answer, ...]:  # noqa: ANN401 - a list of answers.
    """
    Copy a caller's answers; what is checked is what is kept.

    Raises:
        InvalidAnswerError: they cannot be listed, are too many, or some are no `Answer`.
    """
    if type(value) is tuple and not value:
        return ()
    try:
        answers = tuple(islice(value, MAX_ANSWERS + 1))
    except Exception as error:
        # A caller's iterator may raise anything.
        raise InvalidAnswerError(
            f"answers is {shown(value)}", where="answers", remedy="give a list of Answer"
        ) from error
    if len(answers) > MAX_ANSWERS:
        raise InvalidAnswerError(
            f"more than {MAX_ANSWERS} answers", where="answers", remedy="leave out what no step asks"
        )
    for index, answer in enumerate(answers):
        if type(answer) is not Answer:
            raise InvalidAnswerError(
                f"answer is {shown(answer)}", where=f"answers[{index}]", remedy="give an Answer; from_dict reads JSON"
            )
    return answers


def _refuse_other_engine(engine: object) -> None:
    if type(engine) is str and engine.partition(".")[0] != ENGINE_VERSION.partition(".")[0]:
        raise CheckpointMismatchError(
            f"engine {shown(engine)}, and this one is {ENGINE_VERSION}",
            where="engine",
            remedy=f"install a release whose execution rules have major version {engine.partition('.')[0]}",
        )


@final
@attrs.frozen(kw_only=True)
class Checkpoint:
    """
    The record `checkpoint/v1`.

    `mission`, `mission_version` and `params` are None for a workflow run without a mission.
    """

    schema: str = _SCHEMA
    mission: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    mission_version: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    mode: Mode = attrs.field(default=Mode.OBSERVE, validator=of_type(Mode))
    engine: str = attrs.field(default=ENGINE_VERSION, validator=is_identifier)
    definition: WorkflowDefinition = attrs.field(validator=of_type(WorkflowDefinition))
    params: JsonObject | None = attrs.field(default=None, validator=is_optional_object)
    context: ExecutionContext = attrs.field(validator=of_type(ExecutionContext))
    policies: JsonObject | None = attrs.field(default=None, validator=is_optional_object)
    """Policy packs by id, as `record_policies` gives them."""
    proof: JsonObject | None = attrs.field(default=None, validator=is_optional_object)
    """The certificate that no path breaks the mission's rules; None without a mission."""
    answers: tuple[Answer, ...] = attrs.field(default=(), converter=read_answers)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema and another major version of the execution rules.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")
        _refuse_other_engine(self.engine)

    @property
    def digest(self) -> str:
        """
        The digest of the canonical bytes.
        """
        return digest_of_bytes(self.raw)

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(self.to_dict())

    @property
    def header(self) -> RunHeader:
        """
        The run header: everything the run depends on, by digest.
        """
        return {
            "context_digest": self.context.initial_state.digest,
            "definition_digest": self.definition.digest,
            "engine": self.engine,
            "metadata_digest": self.context.metadata_digest,
            "mission": self.mission,
            "mission_version": self.mission_version,
            "mode": self.mode.value,
            "params_digest": None if self.params is None else self.params.digest,
            "policies_digest": None if self.policies is None else self.policies.digest,
            "proof_digest": None if self.proof is None else self.proof.digest,
            "schema": "run/v1",
        }

    def answered_by(self, answers: tuple[Answer, ...]) -> Self:
        """
        Give the checkpoint with exactly these answers.
        """
        return self if answers == self.answers else attrs.evolve(self, answers=answers)

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as a plain dict.
        """
        record: dict[str, Any] = unstructure(self)
        return record

    @classmethod
    def from_dict(cls, record: Any, *, source: str = "checkpoint") -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read the record, strictly; `source` names it in messages.

        Raises:
            IntegrityError: it is not a checkpoint; every fault is listed.
            CheckpointMismatchError: it belongs to another major version of the execution rules.
        """
        if type(record) is not dict or type(record.get("schema")) is not str or record["schema"] != _SCHEMA:
            got = record.get("schema") if type(record) is dict else record
            raise IntegrityError(f"schema {shown(got)}", where=source, remedy=f"expected {_SCHEMA}")
        missing = [field.name for field in attrs.fields(cls) if field.name not in record]
        if missing:
            faults = [Fault(f"required field {name!r} is missing", name) for name in missing]
            raise IntegrityError(f"{source}: a field left out", faults=faults)
        _refuse_other_engine(record["engine"])
        return structure(record, cls, what=source, error=IntegrityError)

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read the canonical bytes of the record.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: as `from_dict`.
        """
        checkpoint = cls.from_dict(parse_canonical(raw, source=source), source=source or "checkpoint")
        if checkpoint.raw != raw:
            raise IntegrityError(
                "a checkpoint that leaves something out", where=source, remedy="use the file as it was written"
            )
        return checkpoint
