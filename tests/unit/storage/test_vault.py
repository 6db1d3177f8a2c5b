"""The vault in files: encrypted, bound to its place, erased for good."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.encoding.digest import digest_of
from runtime.errors import DefinitionError, IntegrityError, InvalidKeyError, SealMismatchError, StorageError
from runtime.limits import MAX_RECORD_BYTES
from runtime.storage import VAULT_KEY_VARIABLE, FileVault
from runtime.values.seals import Disclosure, SealSession

RUN, OTHER = digest_of("one"), digest_of("other")
KEY = bytes(range(32))
SESSION = SealSession(key=KEY, rules=["/params/token"])
DISCLOSURE = Disclosure.make(KEY, "/params/token", "canary-value")
SECOND = Disclosure.make(KEY, "/params/other", "canary-value")


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    """
    A vault that holds a session and an opening.
    """
    made = FileVault(tmp_path / "root" / "vault")
    made.begin(RUN, SESSION)
    made.save(RUN, [DISCLOSURE])
    return made


def _file(vault: FileVault, name: str = DISCLOSURE.seal, run: str = RUN) -> Path:
    return vault.path / run.removeprefix("sha256:") / name.removeprefix("sha256:")


class TestAFile:
    """
    "Stored apart, encrypted; associated data binds it to its seal."
    """

    def test_holds_nothing_in_the_open(self, vault: FileVault) -> None:
        """
        Neither value nor opening, seal key or path.
        """
        for path in vault.path.rglob("*"):
            raw = path.read_bytes() if path.is_file() else b""
            for secret in (b"canary", b"/params", KEY, KEY.hex().encode(), bytes.fromhex(DISCLOSURE.opening)):
                assert secret not in raw

    def test_is_encrypted_under_a_fresh_nonce(self, vault: FileVault) -> None:
        """
        The same record written again is other bytes.
        """
        before = _file(vault).read_bytes()
        vault.save(RUN, [DISCLOSURE])
        assert _file(vault).read_bytes()[:12] != before[:12]
        assert vault.find(RUN, DISCLOSURE.seal) == DISCLOSURE

    def test_is_for_its_owner_alone(self, vault: FileVault) -> None:
        """
        And so are key and directories.
        """
        for path in (vault.path, *vault.path.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert list(vault.path.rglob("*.part")) == []

    @pytest.mark.parametrize("name", [DISCLOSURE.seal, "session"])
    @pytest.mark.parametrize(
        "damage",
        [lambda raw: raw[:-1], lambda raw: raw[:5], lambda _: b"", lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])],
    )
    def test_that_was_changed_is_refused(self, vault: FileVault, name: str, damage: Callable[[bytes], bytes]) -> None:
        """
        Every bit of it counts.
        """
        path = _file(vault, name)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(IntegrityError, match="its key does not open"):
            vault.load_session(RUN) if name == "session" else vault.find(RUN, name)

    def test_in_another_place_is_refused(self, vault: FileVault) -> None:
        """
        It serves neither another seal nor another run.
        """
        vault.save(RUN, [SECOND])
        vault.save(OTHER, [DISCLOSURE])
        for run, seal in ((RUN, SECOND.seal), (OTHER, DISCLOSURE.seal)):
            _file(vault, seal, run).write_bytes(_file(vault).read_bytes())
            with pytest.raises(IntegrityError, match="its key does not open"):
                vault.find(run, seal)

    def test_that_opens_another_seal_is_refused(self, vault: FileVault) -> None:
        """
        Whoever holds the vault key could write one.
        """
        vault._write(RUN, SECOND.seal.removeprefix("sha256:"), DISCLOSURE.raw)
        with pytest.raises(SealMismatchError, match="another seal"):
            vault.find(RUN, SECOND.seal)

    def test_that_is_too_large_is_refused(self, vault: FileVault) -> None:
        """
        Before it is read.
        """
        with _file(vault).open("r+b") as file:
            file.truncate(MAX_RECORD_BYTES + 100)
        with pytest.raises(StorageError, match="a file of more than"):
            vault.find(RUN, DISCLOSURE.seal)

    def test_that_cannot_be_read_is_refused(self, vault: FileVault) -> None:
        """
        With its name.
        """
        _file(vault).unlink()
        _file(vault).mkdir()
        with pytest.raises(StorageError, match="cannot read"):
            vault.find(RUN, DISCLOSURE.seal)

    @pytest.mark.parametrize("name", ["../../key", "session", "", "sha256:ABC"])
    def test_is_named_by_digests_only(self, vault: FileVault, name: str) -> None:
        """
        No name leads out of the vault.
        """
        with pytest.raises(DefinitionError, match="no digest"):
            vault.find(RUN, name)
        with pytest.raises(DefinitionError, match="no digest"):
            vault.end(name)


class TestErasing:
    """
    "Erase = delete it."
    """

    def test_removes_what_opens_a_seal(self, vault: FileVault) -> None:
        """
        Once; the others stay.
        """
        vault.save(RUN, [SECOND])
        assert vault.holds(RUN, DISCLOSURE.seal)
        assert vault.erase(RUN, DISCLOSURE.seal)
        assert not vault.holds(RUN, DISCLOSURE.seal)
        assert vault.find(RUN, DISCLOSURE.seal) is None
        assert vault.find(RUN, SECOND.seal) == SECOND
        assert not vault.erase(RUN, DISCLOSURE.seal)

    def test_overwrites_the_file_first(self, vault: FileVault) -> None:
        """
        Under another name its bytes are zeros.
        """
        size = _file(vault).stat().st_size
        os.link(_file(vault), vault.path / "kept")
        vault.erase(RUN, DISCLOSURE.seal)
        assert (vault.path / "kept").read_bytes() == bytes(size)

    def test_needs_no_key(self, vault: FileVault) -> None:
        """
        Whoever lost it can still erase.
        """
        (vault.path / "key").unlink()
        assert vault.erase(RUN, DISCLOSURE.seal)

    def test_that_fails_says_so(self, vault: FileVault) -> None:
        """
        Nobody believes that something was erased that is there.
        """
        _file(vault).unlink()
        _file(vault).mkdir()
        with pytest.raises(StorageError, match="cannot write"):
            vault.erase(RUN, DISCLOSURE.seal)

    def test_the_seal_key_is_erased_when_the_run_ends(self, vault: FileVault) -> None:
        """
        The run is still known by its openings.
        """
        os.link(_file(vault, "session"), vault.path / "kept")
        vault.end(RUN)
        assert not _file(vault, "session").exists()
        assert not any((vault.path / "kept").read_bytes())
        assert (vault.holds_run(RUN), vault.holds_run(OTHER)) == (True, False)


class TestTheVaultKey:
    """
    "Key file 0600 or MISSION_VAULT_KEY."
    """

    def test_is_made_with_the_vault(self, vault: FileVault) -> None:
        """
        Another vault has another.
        """
        other = FileVault(vault.path.parent / "other")
        other.begin(RUN, SESSION)
        assert (vault.path / "key").read_text() != (other.path / "key").read_text()

    def test_can_be_set(self, vault: FileVault, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Then no file holds it.
        """
        text = (vault.path / "key").read_text().strip()
        (vault.path / "key").unlink()
        monkeypatch.setenv(VAULT_KEY_VARIABLE, text)
        assert vault.find(RUN, DISCLOSURE.seal) == DISCLOSURE
        other = FileVault(vault.path.parent / "other")
        other.begin(RUN, SESSION)
        assert not (other.path / "key").exists()

    def test_that_is_missing_is_not_made_anew(self, vault: FileVault) -> None:
        """
        What is in the vault would be lost without anybody noticing.
        """
        (vault.path / "key").unlink()
        with pytest.raises(StorageError, match="the vault key is missing"):
            vault.find(RUN, DISCLOSURE.seal)
        with pytest.raises(StorageError, match="the vault key is missing"):
            vault.begin(OTHER, SESSION)

    def test_that_others_can_use_is_refused(self, vault: FileVault) -> None:
        """
        Until its mode is mended.
        """
        (vault.path / "key").chmod(0o640)
        with pytest.raises(StorageError, match="others can use"):
            vault.find(RUN, DISCLOSURE.seal)

    @pytest.mark.parametrize("text", ["", "0" * 63, "G" * 64, "0" * 128, "\u0130"])
    def test_that_is_none_is_refused(self, vault: FileVault, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        From the file as from the setting, and without showing it.
        """
        (vault.path / "key").write_text(text)
        with pytest.raises(InvalidKeyError, match="64 lower-case hex digits") as refused:
            vault.find(RUN, DISCLOSURE.seal)
        assert not text or text not in str(refused.value)
        monkeypatch.setenv(VAULT_KEY_VARIABLE, text)
        with pytest.raises(InvalidKeyError, match=VAULT_KEY_VARIABLE):
            vault.find(RUN, DISCLOSURE.seal)

    def test_that_is_another_opens_nothing(self, vault: FileVault, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        And says so.
        """
        monkeypatch.setenv(VAULT_KEY_VARIABLE, "0" * 64)
        with pytest.raises(IntegrityError, match="its key does not open"):
            vault.load_session(RUN)


def test_a_vault_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """
    Before anything rests on a seal.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        FileVault(tmp_path / "file" / "vault").begin(RUN, SESSION)


def test_every_key_is_another(vault: FileVault) -> None:
    """
    From the system's random source.
    """
    assert len({vault.new_key() for _ in range(10)}) == 10
