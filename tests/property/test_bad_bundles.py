"""Bytes that are no bundle, or no longer the bundle they were: never an error, never passed, by either verifier."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest
from isolated import start_verifier, verify_apart
from supplying import make_document, make_plain_mission, make_trust, run_order, seal
from unusable import INPUTS, KEYS, LOG_KEYS, TRUSTS
from verifying import verify_here

FULL: Final = make_document()
PLAIN: Final = make_document(run_order(make_plain_mission()))
TRUST: Final = make_trust(FULL)
SMALL: Final = seal(PLAIN)
SMALL_TRUST: Final = json.dumps(make_trust(PLAIN)).encode()


def _list_passed(cases: Iterable[tuple[bytes, bytes | None]]) -> list[int]:
    """
    List the cases that either verifier passes.
    """
    listed = list(cases)
    apart = verify_apart(listed)
    here = [verify_here(*case) for case in listed]
    return [
        index
        for index, (mine, other) in enumerate(zip(here, apart, strict=True))
        if (mine is not None and mine.holds) or (type(other) is dict and not other["lacking"])
    ]


def _flip(raw: bytes, index: int, mask: int = 1) -> bytes:
    return raw[:index] + bytes([raw[index] ^ mask]) + raw[index + 1 :]


def test_the_bundle_that_is_damaged_below_passes_as_it_is() -> None:
    """
    Else nothing would be shown by what follows.
    """
    assert _list_passed([(SMALL, SMALL_TRUST), (seal(FULL), json.dumps(TRUST).encode())]) == [0, 1]


@pytest.mark.parametrize("step", [199, pytest.param(7, marks=pytest.mark.slow)])
def test_a_bundle_that_is_cut_at_any_byte_is_refused(step: int) -> None:
    """
    At its end, at its start, and a byte taken out.
    """
    places = range(0, len(SMALL), step)
    assert _list_passed((SMALL[:index], SMALL_TRUST) for index in places) == []
    assert _list_passed((SMALL[index + 1 :], SMALL_TRUST) for index in places) == []
    assert _list_passed((SMALL[:index] + SMALL[index + 1 :], SMALL_TRUST) for index in places) == []


@pytest.mark.parametrize(
    ("step", "mask"),
    [
        (199, 1),
        pytest.param(1, 1, marks=pytest.mark.slow),
        pytest.param(31, 2, marks=pytest.mark.slow),
        pytest.param(31, 32, marks=pytest.mark.slow),
        pytest.param(31, 128, marks=pytest.mark.slow),
    ],
)
def test_a_bundle_with_any_byte_changed_does_not_pass(step: int, mask: int) -> None:
    """
    With a trust file there is no byte that nothing covers.
    """
    assert _list_passed((_flip(SMALL, index, mask), SMALL_TRUST) for index in range(0, len(SMALL), step)) == []


@pytest.mark.slow
def test_bytes_of_signed_decisions_are_covered() -> None:
    """
    Also in a bundle with decisions, no byte is free where somebody is trusted.
    """
    raw, trust = seal(FULL), json.dumps(TRUST).encode()
    assert _list_passed((_flip(raw, index), trust) for index in range(0, len(raw), 23)) == []


@pytest.mark.slow
def test_without_trust_only_signatures_may_change() -> None:
    """
    What nobody vouches for is not claimed: the attestation, and who signed the head of the log. All else is covered.
    """
    places = range(0, len(SMALL), 3)
    passed = [places[case] for case in _list_passed((_flip(SMALL, index), None) for index in places)]
    begin = SMALL.index(b'"attestation":')
    end = SMALL.index(b',"audit_log":')
    head = SMALL.index(b'"log_head":')
    signature = SMALL.index("\u2014".encode(), head)
    outside = {index for index in passed if not begin <= index < end}
    # The first line of the head is the log's own name for itself; it is no more than shown.
    name = range(head, SMALL.index(b"\\n", head))
    assert outside
    assert not {
        index
        for index in outside
        if index not in name and not signature <= index < SMALL.index(b',"log_inclusion":', head)
    }


def test_no_verifier_takes_what_is_no_bundle() -> None:
    """
    Both refuse the same: another version, keys that stand twice, numbers and nesting beyond the limits.
    """
    apart = verify_apart((raw, SMALL_TRUST) for raw, _ in INPUTS.values())
    taken = [name for name, said in zip(INPUTS, apart, strict=True) if type(said) is not str]
    taken += [name for name, (raw, _) in INPUTS.items() if verify_here(raw, SMALL_TRUST) is not None]
    assert taken == []


def test_no_verifier_takes_a_trust_file_that_is_none() -> None:
    """
    Keys of another kind, keys that are none, files that name nothing, and files that are not understood.
    """
    trusts: dict[str, Any] = {name: raw for name, (raw, _) in TRUSTS.items()}
    for name, text in KEYS.items():
        trusts[f"operator {name}"] = json.dumps(TRUST | {"operator_keys": [text]}).encode()
        trusts[f"approver {name}"] = json.dumps(TRUST | {"approvers": {"ada": {"keys": [text]}}}).encode()
    for name, text in LOG_KEYS.items():
        trusts[f"log {name}"] = json.dumps(TRUST | {"log_keys": [text]}).encode()
    apart = verify_apart((SMALL, trust) for trust in trusts.values())
    taken = [name for name, said in zip(trusts, apart, strict=True) if type(said) is not str]
    taken += [name for name, trust in trusts.items() if verify_here(SMALL, trust) is not None]
    assert taken == []


def test_a_file_of_100_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """
    In a line, with status 2.
    """
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    done = start_verifier(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "and the limit is" in done.stderr
    assert verify_here(bytes(100 * 1024 * 1024)) is None


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_a_bundle_says_cannot_break_the_terminal(tmp_path: Path, locale: str) -> None:
    """
    Neither with characters that it cannot show, nor with ones that hide or move others.
    """
    document = json.loads(SMALL)
    document["log_head"] = document["log_head"].replace("log.example.org", "log\u00e9\u202e\u200b", 1)
    path = tmp_path / "bundle.json"
    path.write_bytes(seal(document))
    done = start_verifier(path, locale=locale)
    assert done.returncode in (0, 1)
    assert done.stderr == ""
    assert not {"\u202e", "\u200b"} & {*done.stdout}
