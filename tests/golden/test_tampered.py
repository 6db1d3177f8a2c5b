"""Both verifiers against the tampered bundles: what the index says must fail does, and nothing else."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from isolated import list_touched, start_verifier, verify_apart
from verifying import BY_ENGINE, outcomes_here, verify_here

from runtime.evidence.mission_verify import CHECKS, check_bundle

HERE = Path(__file__).parent
FOLDER = HERE / "tampered"
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "index.json").read_text())
_spec = importlib.util.spec_from_file_location("make_tampered", HERE / "make_tampered.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
FILES: dict[str, bytes] = dict(_module.tampered_files())


def _read(name: str) -> tuple[bytes, bytes]:
    return (FOLDER / f"{name}.json").read_bytes(), (FOLDER / INDEX[name]["trust"]).read_bytes()


@pytest.fixture(scope="module")
def apart() -> dict[str, Any]:
    """
    What the one-file verifier says of each vector, in a process that cannot import this package.
    """
    names = sorted(INDEX)
    return dict(zip(names, verify_apart(map(_read, names)), strict=True))


def _failed(outcomes: dict[str, str]) -> list[str]:
    return [number for number, outcome in outcomes.items() if outcome == "FAILED"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_script_makes_the_same_bytes(name: str) -> None:
    """
    Keys, signatures and digests are the same on every machine.
    """
    assert FILES[name] == (FOLDER / name).read_bytes()


def test_the_samples_are_made_by_the_script() -> None:
    """
    One bundle that nobody changed and one that somebody did, for the documents.
    """
    samples = dict(_module.sample_files())
    assert {path.name: path.read_bytes() for path in _module.SAMPLES.iterdir()} == samples


def test_no_vector_is_left_over() -> None:
    """
    Every file is made by the script, and every bundle stands in the index.
    """
    assert {path.name for path in FOLDER.iterdir()} == set(FILES)
    trusts = {vector["trust"] for vector in INDEX.values()}
    assert {f"{name}.json" for name in INDEX} | trusts | {"index.json"} == set(FILES)


def test_every_check_has_a_vector() -> None:
    """
    A check that no vector makes fail might as well not be there; of an audit log there is none yet.
    """
    assert {number for vector in INDEX.values() for number in vector["failed"]} == {
        check.number for check in CHECKS
    } - {"5b"}


@pytest.mark.parametrize("name", sorted(INDEX))
def test_the_package_finds_what_the_index_says(name: str) -> None:
    """
    Exactly those checks fail, and so it does not pass.
    """
    report = verify_here(*_read(name))
    assert report is not None
    assert _failed(outcomes_here(report)) == INDEX[name]["failed"]
    assert report.holds is not bool(INDEX[name]["failed"])


@pytest.mark.parametrize("name", sorted(INDEX))
def test_the_one_file_verifier_finds_what_it_can(name: str, apart: dict[str, Any]) -> None:
    """
    Exactly those checks fail, but for the three that take the engine: of these it says that it has no information.
    """
    outcomes = {number: outcome for number, (outcome, _) in apart[name]["findings"].items()}
    expected = [number for number in INDEX[name]["failed"] if number not in BY_ENGINE]
    assert _failed(outcomes) == expected
    assert {outcomes[number] for number in BY_ENGINE} == {"no information"}
    assert bool(apart[name]["lacking"]) is bool(expected)
    assert {number: one.outcome for number, one in check_bundle(*_read(name)).findings.items()} == outcomes


@pytest.mark.parametrize("name", sorted(INDEX))
def test_both_come_to_the_same_outcomes(name: str, apart: dict[str, Any]) -> None:
    """
    Not only do the same checks fail: what is asserted by one is asserted by the other.
    """
    report = verify_here(*_read(name))
    assert report is not None
    here = outcomes_here(report)
    assert {number: outcome for number, (outcome, _) in apart[name]["findings"].items() if number not in BY_ENGINE} == {
        number: outcome for number, outcome in here.items() if number not in BY_ENGINE
    }


def test_names_of_people_stand_in_no_key_file() -> None:
    """
    Keys are made from seeds inside the script; no private key is kept.
    """
    assert not [name for name, raw in FILES.items() if b"PRIVATE KEY" in raw]


@pytest.mark.parametrize(("name", "status"), [("nothing_changed", 0), ("log_head_forged", 1), ("expiry_left_out", 1)])
def test_the_exit_status_follows(name: str, status: int) -> None:
    """
    As a program, with the trust file of the vector: 0 when nothing was changed, 1 when a check failed.
    """
    done = start_verifier(FOLDER / f"{name}.json", "--trust", FOLDER / INDEX[name]["trust"])
    assert (done.returncode, done.stderr) == (status, "")


def test_the_verifier_opens_the_files_that_are_named_and_nothing_else() -> None:
    """
    Each once, to read; it starts nothing and connects to nothing.
    """
    bundle, trust = FOLDER / "nothing_changed.json", FOLDER / "trust.json"
    touched = list_touched(bundle, "--trust", trust)
    assert [(event, path, mode) for event, path, mode, _ in touched] == [
        ("open", str(trust), "r"),
        ("open", str(bundle), "r"),
    ]
