"""The mission: a registered purpose. A name, typed params, and a builder that turns them into a workflow."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, final

import attrs

from runtime.encoding.converter import structure, unstructure
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.errors import DefinitionError, EncodingError, MissionEngineError, ParamsError, shown
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.checkpoint import Mode, read_answers
from runtime.orchestration.deciding import bind_policies, read_policies, record_policies
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.params_schema import params_schema
from runtime.orchestration.prepare import prepare
from runtime.policy.pack import PolicyPack
from runtime.values.answers import Answer
from runtime.values.checks import is_text, of_type

__all__ = ["Example", "Mission", "NoParams", "Start", "is_mission_name", "verify_mission"]

_is_name = re.compile(r"[a-z][a-z0-9_]{0,63}").fullmatch
_is_version = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)").fullmatch


def is_mission_name(value: object) -> bool:
    """
    Tell whether a text may name a mission: lower-case letters, digits and _, at most 64 of them.
    """
    return type(value) is str and _is_name(value) is not None


@attrs.frozen(kw_only=True)
class NoParams:
    """
    The params class of a mission that takes none.
    """


def _mode(name: Mode | str) -> Mode:
    return Mode.of(name)


def _packs(value: Iterable[PolicyPack]) -> tuple[PolicyPack, ...]:
    return tuple(value)


@final
@attrs.frozen(kw_only=True)
class Example:
    """
    A complete input: params, a context, the answers that drive the run to its end, and the mode it needs.
    """

    params: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object)
    context: ExecutionContext = attrs.field(factory=ExecutionContext, validator=of_type(ExecutionContext))
    answers: tuple[Answer, ...] = attrs.field(default=(), converter=read_answers)
    mode: Mode = attrs.field(default=Mode.OBSERVE, converter=_mode)


def _is_mission_name(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not is_mission_name(value):
        raise DefinitionError(
            f"mission name {shown(value)}",
            where=field.name,
            remedy="use lower-case letters, digits and _, as in daily_loop",
        )


def _is_semantic_version(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not (isinstance(value, str) and _is_version(value)):
        raise DefinitionError(f"version {shown(value)}", where=field.name, remedy="use three numbers, as in 1.0.0")


def _is_params_class(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not (isinstance(value, type) and (attrs.has(value) or value is JsonObject)):
        raise DefinitionError(
            f"params class {shown(value)}", where=field.name, remedy="give an attrs class, or JsonObject for any object"
        )


def _is_builder(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not callable(value) or type(value).__hash__ is None:
        raise DefinitionError(f"builder {shown(value)}", where=field.name, remedy="give a function of the params")


def _are_packs(_: object, __: object, value: tuple[PolicyPack, ...]) -> None:
    record_policies(value)


class Start(StrEnum):
    """
    Whether a durable run of the mission starts by itself, or waits to be started.
    """

    AUTO = "auto"
    MANUAL = "manual"


@final
@attrs.frozen(kw_only=True, cache_hash=True)
class Mission:
    """
    A named, versioned builder of workflows.

    `params_class` is an attrs class, or `JsonObject` for a mission that takes any object. `build` gets an instance of `params_class` and gives a `WorkflowDefinition`; it must be a pure function of it.
    `example` is run by the suite and by whoever tries the mission out. `policies` are the packs its `decide` steps use
    unless the caller brings others. `catalogue` is what its connectors say of themselves, by name, as their `describe()`
    gives it: every `action` step must be in it, and none may call a mutating action `read`.
    """

    name: str = attrs.field(validator=_is_mission_name)
    version: str = attrs.field(validator=_is_semantic_version)
    summary: str = attrs.field(validator=is_text)
    params_class: type[Any] = attrs.field(default=NoParams, validator=_is_params_class)
    build: Callable[[Any], WorkflowDefinition] = attrs.field(validator=_is_builder)
    example: Example = attrs.field(factory=Example, validator=of_type(Example))
    policies: tuple[PolicyPack, ...] = attrs.field(default=(), converter=_packs, validator=_are_packs)
    catalogue: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object)
    start: Start = attrs.field(default=Start.AUTO, validator=of_type(Start))

    def record_policies(self, others: Iterable[PolicyPack] = ()) -> JsonObject | None:
        """
        Give its policy packs as a run records them; others take the place of those of the same policy id.

        Raises:
            PolicyError: some are no packs, or two have one id.
        """
        recorded = record_policies(others)
        if recorded is None:
            return self._recorded_policies
        own = {} if self._recorded_policies is None else self._recorded_policies.thaw()
        return JsonObject({**own, **recorded.thaw()})

    @cached_property
    def _recorded_policies(self) -> JsonObject | None:
        return record_policies(self.policies)

    @property
    def params_schema(self) -> dict[str, Any]:
        """
        The JSON Schema of the params, as plain JSON that the caller owns.
        """
        return params_schema(self.params_class)

    def read_params(self, params: Any = None) -> Any:  # noqa: ANN401 - JSON enters, the mission's own class leaves.
        """
        Read params strictly into the params class; None is the empty object.

        Raises:
            ParamsError: they do not fit; every fault is listed with its path.
        """
        if type(params) is not self.params_class or type(params) is JsonObject:
            given = {} if params is None else params
        else:
            try:  # Its members may be anything: an attrs class need not check them.
                given = unstructure(params)
            except Exception as error:
                raise ParamsError(
                    f"params of mission {self.name!r}: {shown(params)}", remedy="give a JSON object"
                ) from error
        if type(given) is JsonObject:
            frozen = given
        else:
            try:
                frozen = JsonObject(given)
            except EncodingError as error:
                raise ParamsError(
                    f"params of mission {self.name!r}: {error.what}",
                    where=error.where,
                    remedy=error.remedy,
                    faults=error.faults,
                ) from error
        if len(frozen.raw) > MAX_PAYLOAD_BYTES:
            raise ParamsError(
                f"params of mission {self.name!r} have {len(frozen.raw)} bytes",
                where="params",
                remedy=f"the limit is {MAX_PAYLOAD_BYTES} bytes",
            )
        return structure(frozen.thaw(), self.params_class, what=f"params of mission {self.name!r}", error=ParamsError)

    def __call__(self, params: Any = None) -> WorkflowDefinition:  # noqa: ANN401 - JSON or the mission's own class.
        """
        Build the workflow for some params, from what the run records of them and nothing else.

        Raises:
            ParamsError: the params do not fit.
            DefinitionError: the builder gave something else than a workflow.
        """
        recorded = params if isinstance(params, JsonObject) else self.params_document(params)
        read = self.read_params(recorded)
        try:
            definition = self.build(read)
        except MissionEngineError:
            raise
        except Exception as error:
            # A builder is its author's code.
            raise DefinitionError(
                f"mission {self.name!r} could not be built: {type(error).__name__}", remedy="mend its build function"
            ) from error
        if type(definition) is not WorkflowDefinition:
            raise DefinitionError(
                f"mission {self.name!r} built {shown(definition)}",
                remedy="its build function must return a WorkflowDefinition",
            )
        return definition

    def params_document(self, params: Any = None) -> JsonObject:  # noqa: ANN401 - JSON or the mission's own class.
        """
        Give the params as the run records them: every field, defaults written out.

        Raises:
            ParamsError: the params do not fit.
        """
        return JsonObject(unstructure(self.read_params(params)))


@lru_cache(maxsize=1024)
def verify_mission(mission: Mission) -> None:
    """
    Refuse a mission that cannot keep its word, shown on its example.

    The example is built twice and must give equal bytes; its policies must be there; its actions must be what its
    catalogue says.

    Raises:
        DefinitionError: the two differ, the workflow is one the engine refuses, or an action is not in the catalogue.
        ParamsError: the example's params do not fit the params class.
    """
    first, second = mission(mission.example.params), mission(mission.example.params)
    if first.raw != second.raw:
        raise DefinitionError(
            f"mission {mission.name!r} builds different workflows from equal params",
            remedy="make build depend on its params alone: no clock, no random numbers, no set order",
        )
    steps = prepare(first)
    bind_policies(steps, read_policies(mission.record_policies()))
    verify_actions(steps, mission.catalogue)
