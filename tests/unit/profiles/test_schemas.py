"""The published JSON Schemas of profiles and environments: real documents fit, defects of form do not, files are current."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from profiling import ENVIRONMENT, NATIVE, OLD, OLD_ENVIRONMENT

from runtime.encoding.intake import parse_document
from runtime.profiles.schemas import DOCUMENT_SCHEMAS

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "reference" / "profile-schemas"
SHIPPED = ROOT / "runtime" / "profiles" / "shipped"


def _read(text: str) -> Any:
    return parse_document(text, source="x.yaml", text_keys=frozenset({"on"})).value


def _real() -> Iterator[tuple[str, Any]]:
    """
    Give the documents that are shipped and those of the tests, each with the name of its schema.
    """
    texts = [path.read_text() for path in sorted(SHIPPED.rglob("*.yaml"))]
    for text in (*texts, *NATIVE.values(), *OLD.values(), ENVIRONMENT, OLD_ENVIRONMENT):
        value = _read(text)
        name = value["schema"].replace("/", "-") if "schema" in value else f"rexecop-{next(iter(value))}"
        if name != "policy-pack-v1":
            yield name, value


REAL = list(_real())


def test_every_real_document_fits_its_schema() -> None:
    """
    INV-132: and there is one of each kind.
    """
    for name, value in REAL:
        errors = [error.message for error in Draft202012Validator(DOCUMENT_SCHEMAS[name]).iter_errors(value)]
        assert errors == [], name
    assert {name for name, _ in REAL} == set(DOCUMENT_SCHEMAS)


@pytest.mark.parametrize("name", sorted(DOCUMENT_SCHEMAS))
def test_a_schema_is_one_and_stands_as_published(name: str) -> None:
    """
    INV-132: the file is what the package says; `DOCS_UPDATE=1` writes it.
    """
    Draft202012Validator.check_schema(DOCUMENT_SCHEMAS[name])
    text = json.dumps(DOCUMENT_SCHEMAS[name], indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("DOCS_UPDATE"):
        PUBLISHED.mkdir(parents=True, exist_ok=True)
        (PUBLISHED / f"{name}.json").write_text(text)
    assert (PUBLISHED / f"{name}.json").read_text() == text


def test_no_schema_is_left_over() -> None:
    """
    Every published file is one of these.
    """
    assert {path.stem for path in PUBLISHED.iterdir()} == set(DOCUMENT_SCHEMAS)


@pytest.mark.parametrize("name", sorted(name for name in DOCUMENT_SCHEMAS if not name.startswith("rexecop")))
def test_defects_of_form_do_not_fit(name: str) -> None:
    """
    A required field that is missing, a field too many, another kind, another schema.
    """
    schema = DOCUMENT_SCHEMAS[name]
    validator = Draft202012Validator(schema)
    value = next(value for known, value in REAL if known == name)
    assert not validator.is_valid({**value, "more": 1})
    assert not validator.is_valid({**value, "schema": "other/v9"})
    for field in schema["required"]:
        assert not validator.is_valid({key: member for key, member in value.items() if key != field}), field
        assert not validator.is_valid({**value, field: [[{"odd": True}]]}), field


def test_a_step_says_type_or_kind() -> None:
    """
    One of them, and not both.
    """
    validator = Draft202012Validator(DOCUMENT_SCHEMAS["profile-workflow-v1"])
    step = {"id": "a", "action": "noop"}
    for given, fits in (({}, False), ({"kind": "internal"}, True), ({"type": "internal"}, True)):
        assert validator.is_valid({"schema": "profile-workflow/v1", "id": "w", "steps": [{**step, **given}]}) is fits
    both = {**step, "kind": "internal", "type": "internal"}
    assert not validator.is_valid({"schema": "profile-workflow/v1", "id": "w", "steps": [both]})
