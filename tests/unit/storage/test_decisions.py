"""The files behind decisions: several processes, damaged files, files that cannot be used."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from signers import make_key

from runtime.encoding.digest import NULL_DIGEST, digest_of
from runtime.encoding.frozen import EMPTY_OBJECT
from runtime.errors import IntegrityError, InvalidSignatureError, MissionEngineError, StorageError
from runtime.limits import MAX_APPROVERS_BYTES, MAX_KEY_BYTES
from runtime.storage import FileDecisions
from runtime.values import HumanAsk, HumanDecision, Opening, Request
from runtime.values.signatures import sign_decision

NONCE = "0" * 32
OPENING = Opening(request_digest=NULL_DIGEST, nonce=NONCE, expires_at="2026-05-14T20:54:00.000Z")
ASK = HumanAsk(prompt="Go on?", shown=EMPTY_OBJECT, choices=("approve",), input_schema=None, approvers=())
REQUEST = Request(
    run_digest=NULL_DIGEST, sequence=1, step_id="g", lineage_head=NULL_DIGEST, input_digest=NULL_DIGEST, ask=ASK
)
SIGNED = sign_decision(
    HumanDecision(actor="ada", choice="approve"),
    attrs.evolve(OPENING, request_digest=REQUEST.digest),
    make_key("ada"),
)
USER = """
import sys
from pathlib import Path
from runtime.storage import FileDecisions

print(FileDecisions(Path(sys.argv[1])).use_nonce("0" * 32, "sha256:" + sys.argv[2] * 64))
"""


@pytest.fixture
def port(tmp_path: Path) -> FileDecisions:
    """
    A directory that is not there yet.
    """
    return FileDecisions(tmp_path / "root")


def _write_approvers(port: FileDecisions, **changes: Any) -> None:
    port.path.mkdir(exist_ok=True)
    document = {"schema": "approvers/v1", "approvers": {"ada": [make_key("ada").public.pem]}, **changes}
    port.approvers_path.write_text(json.dumps(document))


def test_files_are_private(port: FileDecisions) -> None:
    """
    Nobody else reads or makes them, and no half-written file is left.
    """
    port.save_opening(OPENING)
    port.use_nonce(NONCE, NULL_DIGEST)
    found = {str(path.relative_to(port.path)): path.stat().st_mode & 0o777 for path in port.path.rglob("*")}
    assert found == {
        "openings": 0o700,
        f"openings/{NULL_DIGEST[7:]}.json": 0o600,
        "nonces": 0o700,
        f"nonces/{NONCE}.json": 0o600,
    }
    assert port.path.stat().st_mode & 0o777 == 0o700


def test_of_several_processes_one_uses_a_nonce(port: FileDecisions) -> None:
    """
    INV-70: a nonce serves one answer, however many ask at once.
    """
    words = [sys.executable, "-c", USER, str(port.path)]
    users = [subprocess.Popen([*words, digit], stdout=subprocess.PIPE, text=True) for digit in "0123"]
    said = [user.communicate()[0].strip() for user in users]
    assert sorted(said) == ["False", "False", "False", "True"]
    assert port.find_use(NONCE) == f"sha256:{str(said.index('True')) * 64}"


def test_a_revocation_counts_at_once(port: FileDecisions) -> None:
    """
    The keys are read for each decision.
    """
    with pytest.raises(InvalidSignatureError, match="is none of 'ada'"):
        port.verify(REQUEST, SIGNED)
    _write_approvers(port)
    port.verify(REQUEST, SIGNED)
    _write_approvers(port, revoked=[make_key("ada").public.key_id])
    with pytest.raises(InvalidSignatureError, match="revoked"):
        port.verify(REQUEST, SIGNED)


DAMAGED = {
    "another_schema": b'{"answer_digest":"sha256:' + b"0" * 64 + b'","schema":"nonce-use/v2"}',
    "no_digest": b'{"answer_digest":null,"schema":"nonce-use/v1"}',
    "cut": b'{"answer_digest":"sha2',
    "white_space": b'{ "answer_digest":"sha256:' + b"0" * 64 + b'","schema":"nonce-use/v1"}',
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_use_is_refused(port: FileDecisions, case: str) -> None:
    """
    A nonce whose use cannot be read is not taken for unused.
    """
    port.use_nonce(NONCE, NULL_DIGEST)
    (port.path / "nonces" / f"{NONCE}.json").write_bytes(DAMAGED[case])
    with pytest.raises(IntegrityError):
        port.find_use(NONCE)
    assert port.use_nonce(NONCE, NULL_DIGEST) is False


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", OPENING.raw.replace(b"opening/v1", b"opening/v2"), OPENING.raw.replace(NONCE.encode(), b"0")],
    ids=["empty", "a_list", "another_schema", "a_short_nonce"],
)
def test_a_damaged_opening_is_refused(port: FileDecisions, raw: bytes) -> None:
    """
    With the file in the message.
    """
    port.save_opening(OPENING)
    path = port.path / "openings" / f"{NULL_DIGEST[7:]}.json"
    path.write_bytes(raw)
    with pytest.raises(IntegrityError) as refused:
        port.load_opening(NULL_DIGEST)
    assert str(path) in str(refused.value)


def test_an_opening_of_another_request_is_refused(port: FileDecisions) -> None:
    """
    A file that was copied to another name opens nothing there.
    """
    port.save_opening(OPENING)
    other = digest_of("other")
    (port.path / "openings" / f"{NULL_DIGEST[7:]}.json").rename(port.path / "openings" / f"{other[7:]}.json")
    with pytest.raises(IntegrityError, match="an opening of another request"):
        port.load_opening(other)


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file stands where the root should be; or the disk refuses at the last step, and nothing half-written stays.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write") as refused:
        FileDecisions(tmp_path / "file").use_nonce(NONCE, NULL_DIGEST)
    assert refused.value.remedy

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    port = FileDecisions(tmp_path / "root")
    with pytest.raises(StorageError, match="No space left"):
        port.save_opening(OPENING)
    assert list((port.path / "openings").iterdir()) == []


def test_what_is_written_is_on_the_disk(port: FileDecisions, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The file, and its name in the directory.
    """
    synced: list[bool] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/dev/fd/{descriptor}").is_dir())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    port.use_nonce(NONCE, NULL_DIGEST)
    assert synced == [False, True]


def test_files_that_cannot_be_read_are_told(port: FileDecisions) -> None:
    """
    A directory in their place, or more bytes than such a file may have.
    """
    (port.path / "nonces" / f"{NONCE}.json").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot read"):
        port.find_use(NONCE)
    large = "1" * 32
    (port.path / "nonces" / f"{large}.json").write_bytes(b" " * (MAX_KEY_BYTES + 1))
    with pytest.raises(StorageError, match="a file of more than"):
        port.find_use(large)
    port.approvers_path.write_bytes(b" " * (MAX_APPROVERS_BYTES + 1))
    with pytest.raises(StorageError, match="a file of more than"):
        port.verify(REQUEST, SIGNED)


def test_a_link_that_leads_nowhere_is_no_absence(port: FileDecisions) -> None:
    """
    Approvers that cannot be read are not taken for none, and a use that cannot be read not for unused.
    """
    (port.path / "nonces").mkdir(parents=True)
    (port.path / "openings").mkdir()
    for path in (
        port.approvers_path,
        port.path / "nonces" / f"{NONCE}.json",
        port.path / "openings" / f"{NULL_DIGEST[7:]}.json",
    ):
        path.symlink_to("nowhere")
    for read in (
        lambda: port.verify(REQUEST, SIGNED),
        lambda: port.find_use(NONCE),
        lambda: port.load_opening(NULL_DIGEST),
    ):
        with pytest.raises(StorageError):
            read()


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "approvers/v2"}'])
def test_approvers_that_are_none_are_refused(port: FileDecisions, text: str) -> None:
    """
    With the file in the message.
    """
    port.path.mkdir()
    port.approvers_path.write_text(text)
    with pytest.raises(MissionEngineError, match="approvers"):
        port.verify(REQUEST, SIGNED)
