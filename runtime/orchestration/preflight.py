"""Preflight: sequence rules held to every path before the first step. A certificate, or the shortest counter-example.

Everything here takes values only, so whoever holds a certificate and the workflow can compute it again. Read `walk.py`
for the paths, `sequence.py` for the rules. Source: DESIGN.md 5; contracts/evidence.md 6, check 8.
"""

from functools import lru_cache
from typing import Any, Final, final

import attrs

from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import EMPTY_OBJECT, FrozenValue, JsonObject, frozen_object, thaw
from runtime.errors import DefinitionError, EncodingError, IntegrityError, UnknownNameError, UnsafePathError, shown
from runtime.limits import MAX_SEQUENCE_RULES
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.deciding import bind_policies, read_policies
from runtime.orchestration.definitions import WorkflowDefinition
from runtime.orchestration.prepare import prepare
from runtime.orchestration.sequence import Event, SequenceRule
from runtime.orchestration.walk import Options, Path, list_options, walk_paths

__all__ = [
    "RULES_SCHEMA",
    "CounterExample",
    "event_document",
    "find_counter_example",
    "list_paths",
    "prove",
    "read_rules",
    "say_event",
    "verify_proof",
]

_SCHEMA: Final = "certificate/v1"
RULES_SCHEMA: Final = "sequence-rules/v1"
"""Schema of a document of rules."""


@final
@attrs.frozen(kw_only=True)
class CounterExample:
    """
    The shortest path that breaks a rule, up to where it does.
    """

    rule: SequenceRule
    events: tuple[Event, ...]
    ending: str | None
    """How the path ends; None where the rule breaks at once when the last step takes place."""

    @property
    def sentences(self) -> list[str]:
        """
        What each step does, in words; the last only takes place where that breaks the rule.
        """
        said = [say_event(event) for event in self.events]
        return said if self.ending else [*said[:-1], f"{self.events[-1].step_id} takes place"]

    def to_dict(self) -> dict[str, Any]:
        """
        Give it as plain JSON.
        """
        return {
            "rule": {"kind": self.rule.KIND, **unstructure(self.rule)},
            "says": str(self.rule),
            "path": [event_document(event) for event in self.events],
            "ending": self.ending,
        }


def event_document(event: Event) -> dict[str, Any]:
    """
    Give one event as plain JSON.
    """
    return {"step_id": event.step_id, "outcome": event.outcome, "choice": event.choice, "verdict": event.verdict}


def list_paths(
    definition: WorkflowDefinition, *, policies: JsonObject | None, catalogue: JsonObject
) -> tuple[Path, ...]:
    """
    List every path a workflow can take, as `walk_paths`.

    Raises:
        DefinitionError: the workflow, its packs or its actions are refused.
    """
    return walk_paths(_list_options(definition, policies, catalogue))


def _list_options(
    definition: WorkflowDefinition, policies: JsonObject | None, catalogue: JsonObject
) -> tuple[Options, ...]:
    steps = prepare(definition)
    packs = read_policies(policies)
    bind_policies(steps, packs)
    verify_actions(steps, catalogue)
    return list_options(steps, packs, catalogue)


@lru_cache(maxsize=256)
def _walk_and_hold(options: tuple[Options, ...], rules: tuple[SequenceRule, ...]) -> tuple[int, CounterExample | None]:
    """
    Count the paths and hold the rules to them. Workflows that differ in words and values alone have the same.
    """
    paths = walk_paths(options)
    return len(paths), find_counter_example(paths, rules)


def find_counter_example(paths: tuple[Path, ...], rules: tuple[SequenceRule, ...]) -> CounterExample | None:
    """
    Give the shortest path that breaks a rule; of equally short ones the first, and of the rules it breaks the first.
    """
    found: CounterExample | None = None
    for path in paths:
        for rule in rules:
            length = rule.find_break(path.events, has_ended=path.ending != "waiting")
            if length is not None and (found is None or length < len(found.events)):
                events = path.events[:length]
                is_end = rule.KIND == "always_followed_by"
                found = CounterExample(rule=rule, events=events, ending=path.ending if is_end else None)
    return found


def read_rules(document: Any) -> tuple[SequenceRule, ...]:  # noqa: ANN401 - JSON enters here.
    """
    Read `{"schema": "sequence-rules/v1", "rules": [...]}`, as operators keep them in a file.

    Raises:
        DefinitionError: it is not that; every fault is listed with its path.
    """
    return structure(document, _RulesDocument, what="sequence rules").rules


@final
@attrs.frozen(kw_only=True)
class _RulesDocument:
    schema: str = attrs.field(validator=attrs.validators.in_((RULES_SCHEMA,)))
    rules: tuple[SequenceRule, ...]


@lru_cache(maxsize=256)
def prove(
    definition: WorkflowDefinition,
    *,
    policies: JsonObject | None = None,
    rules: tuple[SequenceRule, ...] = (),
    catalogue: JsonObject = EMPTY_OBJECT,
) -> JsonObject:
    """
    Prove that no path of a workflow breaks a rule.

    Args:
        definition: the workflow.
        policies: the packs of the run, as `record_policies` gives them.
        rules: at most 32.
        catalogue: what the connectors of its actions say of themselves.

    Returns:
        The record `certificate/v1`.

    Raises:
        UnsafePathError: one does; `counter_example` is the shortest.
        DefinitionError: the workflow, its packs or its actions are refused.
    """
    if len(rules) > MAX_SEQUENCE_RULES:
        raise DefinitionError(
            f"{len(rules)} sequence rules", where="rules", remedy=f"the limit is {MAX_SEQUENCE_RULES}"
        )
    options = _list_options(definition, policies, catalogue)
    path_count, broken = _walk_and_hold(options, rules)
    if broken is not None:
        raise _refusal(definition, broken)
    documents = [{"kind": rule.KIND, **unstructure(rule)} for rule in rules]
    return JsonObject(
        {
            "schema": _SCHEMA,
            "definition_digest": definition.digest,
            "policies_digest": None if policies is None else policies.digest,
            "rules": documents,
            "rules_digest": digest_of(documents),
            "catalogue": catalogue.thaw(),
            "catalogue_digest": catalogue.digest,
            "path_count": path_count,
            "steps": [{"id": step.skipped.step_id, "capabilities": list(step.capabilities)} for step in options],
            "verdict": "proven",
        }
    )


def _refusal(definition: WorkflowDefinition, broken: CounterExample) -> UnsafePathError:
    steps = ", ".join(broken.sentences)
    error = UnsafePathError(
        f"workflow {shown(definition.id)} can break the rule '{broken.rule}': {steps}",
        where=broken.events[-1].step_id,
        remedy=broken.rule.why or "change the steps so that no path breaks it, or the rule",
    )
    error.counter_example = broken.to_dict()
    return error


def say_event(event: Event) -> str:
    """
    Say what a step does.
    """
    if event.outcome == "unplaced":
        return f"{event.step_id} is done and its output finds no place"
    if event.verdict is not None:
        return f"{event.step_id} says {event.verdict}"
    if event.choice is not None:
        return f"{event.step_id} is answered {event.choice}"
    return f"{event.step_id} {_OUTCOMES[event.outcome]}"


_OUTCOMES: Final = {
    "completed": "completes",
    "expired": "is not decided in time",
    "failed": "fails",
    "unknown": "has an unknown outcome",
    "skipped": "is skipped",
}


def verify_proof(definition: WorkflowDefinition, policies: JsonObject | None, proof: JsonObject) -> None:
    """
    Compute a certificate again, from the workflow, the packs, and the rules and the catalogue it holds.

    Raises:
        IntegrityError: it is no certificate, or not the one of this workflow.
    """
    _verify_cached(definition, policies, proof)


@lru_cache(maxsize=256)
def _verify_cached(definition: WorkflowDefinition, policies: JsonObject | None, proof: JsonObject) -> None:
    try:
        rules = _read_recorded_rules(proof.get("rules"))
        catalogue = frozen_object(proof.get("catalogue"))
        computed = prove(definition, policies=policies, rules=rules, catalogue=catalogue)
    except (DefinitionError, EncodingError, UnknownNameError) as error:
        raise IntegrityError(
            f"a certificate that cannot be computed again: {error}", where="proof", remedy=_REMEDY
        ) from error
    if computed != proof:
        raise IntegrityError("a certificate that is not of this workflow", where="proof", remedy=_REMEDY)


@lru_cache(maxsize=64)
def _read_recorded_rules(rules: FrozenValue) -> tuple[SequenceRule, ...]:
    return read_rules({"schema": RULES_SCHEMA, "rules": thaw(rules)})


_REMEDY: Final = "use the record as it was written"
