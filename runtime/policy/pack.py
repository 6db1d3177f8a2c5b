"""Policy packs: rules and the cases that test them. Read strictly, refused as a whole, never changed by an evaluation.

Two forms are read: `schema: policy-pack/v1`, whose rules have expressions, and the v0.1 form of earlier engines, whose
rules have `conditions` (equality on dotted paths) and which names `schema_version: v0.1` or nothing. How rules are
weighed is in `evaluate.py`, how a pack is read from a file in `packfile.py`.
"""

from functools import cached_property
from typing import Any, Final, Self, TypeVar, final

import attrs

from runtime.encoding.converter import structure, unstructure
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.errors import EncodingError, Fault, PolicyError, shown
from runtime.limits import MAX_PAYLOAD_BYTES, MAX_RULES
from runtime.policy.cases import PolicyCase
from runtime.policy.clashes import find_clashes
from runtime.policy.rules import Effect, Rule, listed
from runtime.values.checks import is_identifier, is_small_json, is_text
from runtime.values.verdicts import Decision

__all__ = ["PolicyPack"]

T = TypeVar("T")

_SCHEMA: Final = "policy-pack/v1"
_OLD_VERSION: Final = "v0.1"
_OLD_MEMBERS: Final = frozenset({"policy_id", "version", "schema_version", "rules", "metadata"})
_OLD_RULE_MEMBERS: Final = frozenset(
    {
        "rule_id",
        "effect",
        "conditions",
        "priority",
        "reason_code",
        "risk_class",
        "risk_score",
        "obligations",
        "constraints",
    }
)


def _is_schema(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not str or value != _SCHEMA:
        raise PolicyError(f"schema {shown(value)}", where=field.name, remedy=f"expected {_SCHEMA}")


def _are_some(_: object, field: "attrs.Attribute[Any]", value: tuple[Any, ...]) -> None:
    if not value:
        raise PolicyError(
            f"no {field.name}", where=field.name, remedy="a pack has at least one: without any it denies all"
        )
    _are_few(_, field, value)


def _are_few(_: object, field: "attrs.Attribute[Any]", value: tuple[Any, ...]) -> None:
    if len(value) > MAX_RULES:
        raise PolicyError(f"more than {MAX_RULES} {field.name}", where=field.name, remedy="split the pack")


def _rules(value: Any) -> tuple[Rule, ...]:  # noqa: ANN401 - whatever the caller gives.
    return listed(value, Rule)


def _cases(value: Any) -> tuple[PolicyCase, ...]:  # noqa: ANN401 - as above.
    return listed(value, PolicyCase)


@final
@attrs.frozen(kw_only=True, eq=False)
class PolicyPack:
    """
    The record `policy-pack/v1`. Equal by its canonical bytes and its cases.
    """

    schema: str = attrs.field(default=_SCHEMA, validator=_is_schema)
    policy_id: str = attrs.field(validator=is_identifier)
    version: str = attrs.field(validator=is_identifier)
    description: str = attrs.field(default="", validator=is_text)
    rules: tuple[Rule, ...] = attrs.field(converter=_rules, validator=_are_some)
    metadata: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=is_small_json)
    cases: tuple[PolicyCase, ...] = attrs.field(default=(), converter=_cases, validator=_are_few)

    def __attrs_post_init__(self) -> None:
        """
        Refuse what cannot stand together, and what a run could not record.
        """
        faults = find_clashes(
            enumerate(self.rules),
            [(index, rule.rule_id) for index, rule in enumerate(self.rules)],
            [(index, case.name) for index, case in enumerate(self.cases)],
            [
                (_expected_path(index, place), name)
                for index, case in enumerate(self.cases)
                for place, name in enumerate(case.expect.rules or ())
            ],
        )
        if faults:
            raise PolicyError(f"policy {shown(self.policy_id)}: parts that cannot stand together", faults=faults)
        try:
            size = len(self.document.raw)
        except EncodingError as error:
            raise PolicyError(
                f"policy {shown(self.policy_id)}: {error.what}", where=error.where, remedy=error.remedy
            ) from error
        if size > MAX_PAYLOAD_BYTES:
            raise PolicyError(
                f"policy {shown(self.policy_id)} has {size} bytes with every default written out",
                remedy=f"the limit is {MAX_PAYLOAD_BYTES} bytes",
            )

    @cached_property
    def document(self) -> JsonObject:
        """
        What a run records of it: every member, defaults written out, without the cases.
        """
        record = unstructure(self)
        del record["cases"]
        return JsonObject(record)

    @cached_property
    def digest(self) -> str:
        """
        The digest of what a run records of it.
        """
        return self.document.digest

    @property
    def can_flag(self) -> bool:
        """
        Tell whether some rule flags.
        """
        return any(rule.effect.decision is Decision.FLAG for rule in self.rules)

    @classmethod
    def from_document(cls, document: Any, *, source: str = "policy pack") -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read a pack of either form; `source` names it in messages.

        Raises:
            PolicyError: it is no pack; every fault is listed with its path.
            EncodingError: it is not JSON.
        """
        if type(document) is not dict:
            raise PolicyError(f"{source} is {shown(document)}", remedy="expected an object: policy_id, version, rules")
        size = len(JsonObject(document).raw)
        if size > MAX_PAYLOAD_BYTES:
            raise PolicyError(f"{source} has {size} bytes", remedy=f"the limit is {MAX_PAYLOAD_BYTES} bytes")
        written, faults = _read_form(document, source)
        _, wrong = _try(written, _Written, "")
        rules, wrong_rules = _read_parts(written, "rules", Rule)
        cases, wrong_cases = _read_parts(written, "cases", PolicyCase)
        names = _names(written, "rules", "rule_id"), _names(written, "cases", "name")
        faults += [*wrong, *wrong_rules, *wrong_cases, *find_clashes(rules, *names, _list_expected(written))]
        if faults:
            count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
            remedy = "" if document.get("schema") == _SCHEMA else f"a pack with expressions says schema: {_SCHEMA}"
            raise PolicyError(f"{source}: {count}", remedy=remedy, faults=faults)
        parts = {"rules": [rule for _, rule in rules], "cases": [case for _, case in cases]}
        return cls(**{**written, **parts})

    def __eq__(self, other: object) -> bool:
        """
        Compare what a run records of them, and the cases.
        """
        if not isinstance(other, PolicyPack):
            return NotImplemented
        return self.document == other.document and self.cases == other.cases

    def __hash__(self) -> int:
        """
        Hash what a run records of it.
        """
        return hash(self.document)


@final
@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Written:
    """
    A pack as it is written, its rules and cases not read yet.
    """

    schema: str
    policy_id: str = attrs.field(validator=is_identifier)
    version: str = attrs.field(validator=is_identifier)
    description: str = attrs.field(default="", validator=is_text)
    rules: tuple[Any, ...] = attrs.field(validator=_are_some)
    metadata: JsonObject = EMPTY_OBJECT
    cases: tuple[Any, ...] = attrs.field(default=(), validator=_are_few)


def _read_form(document: dict[str, Any], source: str) -> tuple[dict[str, Any], list[Fault]]:
    """
    Turn a document of the v0.1 form into one of the present form, and leave others as they are.

    Returns:
        The document, and what that form does not have; it is taken out, so that the rest can be read for its faults.

    Raises:
        PolicyError: it is of no known form.
    """
    if "schema" in document:
        if document["schema"] != _SCHEMA:
            raise PolicyError(
                f"{source}: schema {shown(document['schema'])}", where="schema", remedy=f"expected {_SCHEMA}"
            )
        return document, []
    version = document.get("schema_version", _OLD_VERSION)
    if version != _OLD_VERSION:
        raise PolicyError(
            f"{source}: schema_version {shown(version)}",
            where="schema_version",
            remedy=f"expected schema: {_SCHEMA}, or schema_version: {_OLD_VERSION} of earlier engines",
        )
    faults = [Fault(f"member {shown(name)} of a v0.1 pack", name) for name in sorted(document.keys() - _OLD_MEMBERS)]
    written = {name: document[name] for name in document if name in _OLD_MEMBERS and name != "schema_version"}
    if type(written.get("rules")) is list:
        written["rules"] = rules = list(written["rules"])
        for index, rule in enumerate(rules):
            if type(rule) is dict:
                rules[index], strange = _read_old_rule(rule, f"rules[{index}]")
                faults += strange
    return {"schema": _SCHEMA, **written}, faults


def _read_old_rule(rule: dict[str, Any], path: str) -> tuple[dict[str, Any], list[Fault]]:
    strange = sorted(rule.keys() - _OLD_RULE_MEMBERS)
    faults = [Fault(f"member {shown(name)} of a v0.1 rule", f"{path}.{name}") for name in strange]
    if rule.get("effect") == Effect.FLAG:
        faults.append(Fault("effect 'flag' in a v0.1 rule; it is approval_required there", f"{path}.effect"))
    return {name: rule[name] for name in rule if name in _OLD_RULE_MEMBERS}, faults


def _try(value: Any, kind: type[T], path: str) -> tuple[T | None, list[Fault]]:  # noqa: ANN401 - JSON.
    """
    Read a part of a document, or give its faults with their paths from the root.
    """
    try:
        return structure(value, kind, what="a part", error=PolicyError), []
    except PolicyError as error:
        dot = "." if path else ""
        return None, [
            Fault(fault.message, path + (dot if fault.where[:1] not in ("", "[", "/") else "") + fault.where)
            for fault in error.faults
        ]


def _read_parts(written: dict[str, Any], name: str, kind: type[T]) -> tuple[list[tuple[int, T]], list[Fault]]:
    parts, faults = [], []
    for index, item in enumerate(_list_of(written, name)):
        part, wrong = _try(item, kind, f"{name}[{index}]")
        faults += wrong
        if part is not None:
            parts.append((index, part))
    return parts, faults


def _names(written: dict[str, Any], name: str, key: str) -> list[tuple[int, str]]:
    named = ((index, part.get(key)) for index, part in enumerate(_list_of(written, name)) if type(part) is dict)
    return [(index, found) for index, found in named if type(found) is str]


def _list_expected(written: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for index, case in enumerate(_list_of(written, "cases")):
        expect = case.get("expect") if type(case) is dict else None
        names = expect.get("rules") if type(expect) is dict else None
        for place, name in enumerate(names if type(names) is list else ()):
            if type(name) is str:
                found.append((_expected_path(index, place), name))
    return found


def _expected_path(case: int, place: int) -> str:
    return f"cases[{case}].expect.rules[{place}]"


def _list_of(written: dict[str, Any], name: str) -> list[Any]:
    parts = written.get(name)
    # Beyond the limit none is looked at: the limit is the fault to mend.
    return parts if type(parts) is list and len(parts) <= MAX_RULES else []
