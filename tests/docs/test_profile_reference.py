"""The reference of profiles lists exactly the fields of the documents, their defaults and the limits."""

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from runtime import limits
from runtime.encoding.converter import unstructure
from runtime.profiles.documents import ConnectorContract, ErrorClass, Intent, ProfileHead, Step, Workflow
from runtime.profiles.environment_documents import EnvironmentDocument
from runtime.profiles.rexecop_actions import INTERNAL_ACTIONS
from runtime.profiles.rule_documents import RuleType, ValidationRules

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "profiles.md").read_text()

SECTIONS: dict[str, type[Any]] = {
    "## `profile.yaml`": ProfileHead,
    "## `intents/NAME.yaml`": Intent,
    "## `workflows/NAME.yaml`": Workflow,
    "### Steps": Step,
    "## `connectors/NAME.yaml`": ConnectorContract,
    "## `validation_rules/NAME.yaml`": ValidationRules,
    "## Environments": EnvironmentDocument,
}


def _rows(heading: str, first: str) -> list[list[str]]:
    """
    Give the rows of the first table below a heading whose first column has this head.
    """
    after = f"\n{PAGE}".partition(f"\n{heading}\n")[2]
    found = re.search(rf"^\| {first} \|.*\n\|[-|]+\n((?:^\|.*\n)+)", after, re.MULTILINE)
    assert found, heading
    return [[cell.strip("` ") for cell in line.strip("|\n").split(" | ")] for line in found[1].splitlines()]


def _default(field: "attrs.Attribute[Any]") -> str:
    if field.default is attrs.NOTHING:
        return "required"
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types Factory as a function.
        return "{}"
    return json.dumps(unstructure(default))


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_fields_of_a_document_are_listed(heading: str) -> None:
    """
    With their defaults, and no other.
    """
    expected = {field.name: _default(field) for field in attrs.fields(SECTIONS[heading])}
    assert {row[0]: row[1] for row in _rows(heading, "field")} == expected


def test_limits_are_those_of_the_engine() -> None:
    """
    The table says what `limits.py` says.
    """
    assert [int(row[1]) for row in _rows("# Profiles and environments", "limit")] == [
        limits.MAX_PROFILE_FILES,
        limits.MAX_PROFILE_BYTES,
        limits.MAX_TARGETS,
        limits.MAX_GROUP_MEMBERS,
        limits.MAX_VALIDATION_RULES,
        limits.MAX_WINDOWS,
        limits.MAX_CONCURRENT_RUNS,
    ]


def test_types_of_rules_classes_and_internal_actions_are_listed() -> None:
    """
    Each by its name.
    """
    assert [row[0] for row in _rows("## `validation_rules/NAME.yaml`", "type")] == [*RuleType]
    classes = re.search(r"Classes of failures: (.*?)\. ", PAGE, re.DOTALL)
    assert classes
    assert re.findall(r"`(.+?)`", classes[1]) == [*ErrorClass]
    actions = re.search(r"Known are (.*?); each", PAGE, re.DOTALL)
    assert actions
    assert sorted(re.findall(r"`(.+?)`", actions[1])) == sorted(INTERNAL_ACTIONS)
