"""The mission: a registered purpose. A name, typed params, and a builder that turns them into a workflow."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cached_property
from typing import Any, NoReturn, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.encoding.seal import SealRule, seal_under
from runtime.errors import (
    DefinitionError,
    EncodingError,
    MissionEngineError,
    ParamsError,
    SealingRequiredError,
    shown,
)
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.params_schema import params_schema
from runtime.orchestration.preflight import prove
from runtime.orchestration.sequence import SequenceRule
from runtime.policy.pack import PolicyPack
from runtime.values.checks import is_text, of_type
from runtime.values.seals import read_rules

__all__ = ["Mission", "NoParams", "Start", "is_mission_name"]

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


def _rules(value: Iterable[SequenceRule]) -> tuple[SequenceRule, ...]:
    rules = tuple(value)
    for index, rule in enumerate(rules):
        if not isinstance(rule, SequenceRule):
            raise DefinitionError(
                f"rule is {shown(rule)}",
                where=f"rules[{index}]",
                remedy="give Requires, Never, AtMost, AlwaysFollowedBy",
            )
    return rules


def _packs(value: Iterable[PolicyPack]) -> tuple[PolicyPack, ...]:
    return tuple(value)


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
    rules: tuple[SequenceRule, ...] = attrs.field(default=(), converter=_rules)
    """What no path of its workflows may break; it is proven before each run."""
    seals: tuple[SealRule, ...] = attrs.field(default=(), converter=read_rules)
    """Which values of context, params and outcomes are sealed before anything is hashed."""

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

    def begin(
        self,
        params: Any,  # noqa: ANN401 - JSON, or an instance of the params class.
        ctx: ExecutionContext,
        *,
        policies: Iterable[PolicyPack] = (),
        mode: Mode | str = Mode.OBSERVE,
    ) -> Checkpoint:
        """
        Give the inputs of a run that has not begun, with the proof that no path breaks a rule.

        Raises:
            ParamsError: the params do not fit.
            SealingRequiredError: a value that the mission seals is not.
            UnsafePathError: a path breaks one of the mission's rules.
            DefinitionError: the workflow is refused.
        """
        recorded = self.params_document(params)
        if self.seals and type(ctx) is ExecutionContext:  # Another context is refused below.
            seal_under(self.seals, ("context",), ctx.initial_state.thaw(), self._refuse_unsealed)
            seal_under(self.seals, ("params",), recorded.thaw(), self._refuse_unsealed)
        definition = self(recorded)
        packs = self.record_policies(policies)
        return Checkpoint(
            mission=self.name,
            mission_version=self.version,
            mode=Mode.of(mode),
            definition=definition,
            params=recorded,
            context=ctx,
            policies=packs,
            proof=self.prove(definition, packs),
        )

    def _refuse_unsealed(self, path: str, _: JsonValue) -> NoReturn:
        raise SealingRequiredError(
            f"mission {self.name!r} seals a value that is not sealed",
            where=path,
            remedy="run it with seal=; a plan of it holds its inputs, so plan it with what is not secret left out",
        )

    def prove(self, definition: WorkflowDefinition, policies: JsonObject | None) -> JsonObject:
        """
        Prove that no path of a workflow of this mission breaks its rules: the record `certificate/v1`.

        Raises:
            UnsafePathError: one does.
            DefinitionError: the workflow is refused.
        """
        return prove(definition, policies=policies, rules=self.rules, catalogue=self.catalogue)

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
