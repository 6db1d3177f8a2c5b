"""The published JSON Schemas: real records fit, and what is no record does not."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from approving import approve, begin_open, go_on, make_port, make_signed
from bundling import make_bundle, make_document, write_trust
from jsonschema import Draft202012Validator
from logs import make_log
from makers import make_action, make_decision, make_effect_answer, make_gate, make_pack_of, make_step, run

from runtime.encoding.canonical import canonical
from runtime.evidence import RecordedRun
from runtime.evidence.schemas import RECORD_SCHEMAS
from runtime.evidence.verify import verify_bundle
from runtime.execution.drill import run_drill
from runtime.storage import FileDecisions, SqliteKillSwitch
from runtime.values import Answer, Opening
from runtime.values.revocations import Revocation
from runtime.values.seals import Disclosure
from runtime.values.signatures import decision_statement

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "missions"
PUBLISHED = ROOT / "docs" / "reference" / "schemas"


def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(RECORD_SCHEMAS[name])


def _real_records() -> Iterator[dict[str, Any]]:
    """
    Give records of every kind: those of the built-in missions, of every ending, and of a log.
    """
    for path in sorted(GOLDEN.glob("*.json")):
        document = json.loads(path.read_bytes())
        if "schema" in document:
            yield document
    port, mission = make_port(), make_signed()
    checkpoint, opening = begin_open(mission, port)
    yield json.loads(opening.raw)
    signed = go_on(mission, port, checkpoint, approve(opening))
    yield from (answer.to_dict() for answer in signed.inputs.answers)
    yield make_document()
    yield write_trust(make_document())
    yield verify_bundle(make_bundle().raw).to_dict()
    yield Disclosure.make(bytes(32), "/outcomes/a~1b/c", {"a": [1]}).to_dict()
    yield from _kept_records(opening, signed.inputs.answers[0])
    log = make_log(3)
    yield json.loads(log.prove_inclusion(1).raw)
    yield json.loads(log.prove_consistency(2).raw)
    yield json.loads((ROOT / "docs/examples/rules/people-decide.json").read_text())
    for result in (
        run({}, make_step("f", "fail", reason="no")),
        run({}, make_gate(), answers=[make_decision(choice="reject")]),
        run({}, make_action(output="/o"), answers=[make_effect_answer(status="failed")]),
        run({"a": 1}, make_step("d", "decide", policy="p", input="", path="/v"), policies=[make_pack_of("a > 5")]),
        run({}, make_step("d", "decide", policy="p", input="", path="/v"), policies=[make_pack_of("a > 5")]),
        run({"a": 9}, make_step("d", "decide", policy="p", input="", path="/v"), policies=[make_pack_of("a > 5")]),
    ):
        recorded: dict[str, Any] = json.loads(RecordedRun.of(result).raw)
        yield recorded
        yield recorded["receipt"]
        yield recorded["receipt"]["header"]
        yield from recorded["lineage"]
        yield from recorded["checkpoint"]["answers"]
        yield from (verdict.to_dict() for _, verdict in result.verdicts)


def _kept_records(opening: Opening, answer: Answer) -> Iterator[dict[str, Any]]:
    """
    Give what stands beside the records of runs: what was signed, a used nonce, a revocation, a drill.
    """
    [decision] = answer.decisions
    statement = decision_statement(
        decision, request_digest=opening.request_digest, nonce=opening.nonce, expires_at=opening.expires_at
    )
    yield json.loads(statement)
    yield json.loads(Revocation(key_id="a" * 64, from_position=0).raw)
    with tempfile.TemporaryDirectory() as folder:
        kept = FileDecisions(Path(folder))
        kept.use_nonce(opening.nonce, answer.digest)
        yield json.loads((Path(folder) / "nonces" / f"{opening.nonce}.json").read_bytes())
        switches = [SqliteKillSwitch.create(Path(folder) / f"{name}.db") for name in ("real", "spare")]
        yield json.loads(run_drill(*switches, at="2026-05-14T20:54:00.000Z").raw)


REAL = list(_real_records())


def test_every_real_record_fits_its_schema() -> None:
    """
    Of each kind there is at least one.
    """
    for record in REAL:
        errors = [error.message for error in _validator(record["schema"]).iter_errors(record)]
        assert errors == [], record["schema"]
    certificates = [one["checkpoint"]["proof"] for one in REAL if one["schema"] == "recorded-run/v1"]
    seen = {one["schema"] for one in (*REAL, *filter(None, certificates))}
    assert seen == set(RECORD_SCHEMAS)


@pytest.mark.parametrize("name", sorted(RECORD_SCHEMAS))
def test_a_schema_is_one_and_stands_as_published(name: str) -> None:
    """
    The file is what the package says, and nothing in it points elsewhere.
    """
    Draft202012Validator.check_schema(RECORD_SCHEMAS[name])
    published = PUBLISHED / f"{name.replace('/', '-')}.json"
    assert json.loads(published.read_text()) == RECORD_SCHEMAS[name]
    assert b"$ref" not in canonical(RECORD_SCHEMAS[name])


def test_no_schema_is_left_over() -> None:
    """
    Every published file is one of these.
    """
    assert {path.stem for path in PUBLISHED.iterdir()} == {name.replace("/", "-") for name in RECORD_SCHEMAS}


def _mutations(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """
    Give a record with one member left out, added or of another kind, wherever members are fixed.
    """
    if isinstance(value, dict) and ("schema" in value or path == ()):
        for name in value:
            yield f"without {name}", {key: member for key, member in value.items() if key != name}
            if not isinstance(value[name], dict) or "schema" in value[name]:
                yield f"another kind of {name}", {**value, name: [[{"odd": True}]]}
        yield "one more", {**value, "more": 1}
        yield "another schema", {**value, "schema": "other/v9"}


@pytest.mark.parametrize("name", sorted(set(RECORD_SCHEMAS) - {"certificate/v1"}))
def test_what_is_no_record_does_not_fit(name: str) -> None:
    """
    Every member is required, none may be added, and each has its kind. Of a trust file lines may be left out.
    """
    record = next(one for one in REAL if one["schema"] == name)
    validator = _validator(name)
    free = {"input", "output", "value"}
    left_out = {f"without {line}" for line in record if line != "schema"} if name == "trust/v1" else set()
    for case, broken in _mutations(record):
        if case not in left_out and case.removeprefix("another kind of ") not in free:
            assert not validator.is_valid(broken), case


def test_a_trust_file_names_something() -> None:
    """
    One line is enough, and none is too little.
    """
    validator = _validator("trust/v1")
    assert validator.is_valid({"schema": "trust/v1", "engines": ["1.0"]})
    assert not validator.is_valid({"schema": "trust/v1"})
