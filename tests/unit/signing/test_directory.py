"""The directory of keys: made once, listed, revoked; and what is refused."""

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from signers import make_key

import runtime.signing.directory as module
from runtime.errors import (
    DefinitionError,
    IntegrityError,
    InvalidKeyError,
    StorageError,
    TransitionError,
    UnknownKeyError,
)
from runtime.signing import KeyDirectory, read_private_key, read_public_key
from runtime.signing.files import create_file
from runtime.values.revocations import Revocation

ADA, EVE = make_key("ada"), make_key("eve")


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    """
    A directory that does not exist yet, in a root that does not either.
    """
    return KeyDirectory(tmp_path / "root" / "keys")


class TestANewKey:
    """
    "new private key as PKCS8 PEM, mode 0600, never overwritten; the public key beside it (.pub)"
    """

    def test_is_a_private_and_a_public_file(self, keys: KeyDirectory) -> None:
        """
        The private one is its owner's alone, and so are the directories.
        """
        made = keys.new("operator")
        assert made.private_path == keys.path / "operator.pem"
        assert made.public_path == keys.path / "operator.pub"
        assert read_private_key(made.private_path).public == read_public_key(made.public_path) == made.public
        assert made.private_path.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (made.private_path, keys.path, keys.path.parent)]
        assert modes == [0o600, 0o700, 0o700]
        assert sorted(path.name for path in keys.path.iterdir()) == ["operator.pem", "operator.pub"]

    def test_and_a_revocation_are_on_disk_when_the_call_returns(
        self, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Their names too, once both files of the key, and the revocation, stand there.
        """
        synced: list[list[str]] = []
        monkeypatch.setattr(
            module, "sync_directory", lambda path: synced.append(sorted(one.suffix for one in path.iterdir()))
        )
        keys.new("a")
        keys.revoke("a", 0)
        assert synced == [[".pem", ".pub"], [".json", ".pem", ".pub"]]

    def test_is_another_each_time(self, keys: KeyDirectory) -> None:
        """
        It comes from the random source of the system.
        """
        assert keys.new("a").public != keys.new("b").public

    @pytest.mark.parametrize("ending", [".pem", ".pub", ".revocation.json"])
    def test_takes_no_name_that_is_taken(self, keys: KeyDirectory, ending: str) -> None:
        """
        By any file of a key, or a link to nowhere; what stands there stays.
        """
        keys.path.mkdir(parents=True)
        (keys.path / f"operator{ending}").symlink_to("nowhere")
        with pytest.raises(TransitionError, match="a key 'operator' is here"):
            keys.new("operator")
        assert [path.name for path in keys.path.iterdir()] == [f"operator{ending}"]

    def test_of_which_the_public_file_cannot_be_written_is_taken_back(
        self, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        No half of a key is left.
        """
        real = create_file

        def create(path: Path, raw: bytes, *, mode: int) -> None:
            if path.suffix == ".pub":
                raise StorageError("cannot write")
            real(path, raw, mode=mode)

        monkeypatch.setattr(module, "create_file", create)
        with pytest.raises(StorageError):
            keys.new("operator")
        assert list(keys.path.iterdir()) == []

    @pytest.mark.parametrize(
        "name", ["", "A", ".a", "../a", "a/b", "a.b", "-a", "a b", "a" * 65, "a\n", "é", None, 5], ids=repr
    )
    def test_has_a_plain_name(self, keys: KeyDirectory, name: Any) -> None:
        """
        One that is a file in this directory and nowhere else, on every file system.
        """
        with pytest.raises(DefinitionError, match="key name"):
            keys.new(name)
        assert not keys.path.exists()

    def test_of_the_longest_name_is_made(self, keys: KeyDirectory) -> None:
        """
        The limit itself is allowed.
        """
        keys.new("a" * 64)
        assert [entry.name for entry in keys.entries()] == ["a" * 64]

    def test_in_a_directory_that_is_a_file_is_refused(self, keys: KeyDirectory) -> None:
        """
        So is every other use of it.
        """
        keys.path.parent.mkdir()
        keys.path.write_text("")
        with pytest.raises(StorageError, match="cannot be used: "):
            keys.new("operator")
        with pytest.raises(StorageError, match="cannot be used: Not a directory"):
            keys.entries()


class TestTheEntries:
    """
    Keys of our own and of others, by name.
    """

    def test_are_none_without_a_directory(self, keys: KeyDirectory) -> None:
        """
        Which is not made by looking.
        """
        assert keys.entries() == ()
        assert not keys.path.exists()

    def test_are_sorted_and_say_what_is_there(self, keys: KeyDirectory) -> None:
        """
        A public key alone is somebody else's; what is no key of a plain name is not listed.
        """
        keys.new("b")
        (keys.path / "a.pub").write_text(ADA.public.openssh)
        for name in ("notes.txt", "Upper.pub", "c.pem"):
            (keys.path / name).write_text("x")
        keys.revoke("b", 3)
        first, second = keys.entries()
        assert (first.name, first.public, first.has_private, first.revocation) == ("a", ADA.public, False, None)
        assert (second.name, second.has_private) == ("b", True)
        assert second.revocation == Revocation(key_id=second.public.key_id, from_position=3)
        assert keys.find("a") == first

    def test_that_cannot_be_read_are_refused_by_name(self, keys: KeyDirectory) -> None:
        """
        A damaged key is not left out in silence.
        """
        keys.new("a")
        (keys.path / "a.pub").write_text("x")
        with pytest.raises(InvalidKeyError, match=r"a\.pub"):
            keys.entries()

    def test_of_an_unknown_name_tell_the_known_ones(self, keys: KeyDirectory) -> None:
        """
        Sorted.
        """
        keys.new("b")
        keys.new("a")
        with pytest.raises(UnknownKeyError, match=r"no key 'c'.*known are \['a', 'b'\]"):
            keys.find("c")


class TestAKeyToSignWith:
    """
    It is whole, its own, and not revoked.
    """

    def test_is_read(self, keys: KeyDirectory) -> None:
        """
        As it was made.
        """
        assert keys.new("a").public == keys.load_private("a").public

    def test_that_others_can_read_is_refused(self, keys: KeyDirectory) -> None:
        """
        As for every private key file.
        """
        keys.new("a").private_path.chmod(0o644)
        with pytest.raises(StorageError, match="chmod 600"):
            keys.load_private("a")

    def test_beside_the_public_key_of_another_is_refused(self, keys: KeyDirectory) -> None:
        """
        Else the key that is handed out would not be the one that signs.
        """
        keys.new("a").public_path.write_text(EVE.public.pem)
        with pytest.raises(IntegrityError, match="belongs to another private key") as caught:
            keys.load_private("a")
        assert caught.value.where == str(keys.path / "a.pub")

    def test_of_somebody_else_is_not_there(self, keys: KeyDirectory) -> None:
        """
        Only the public file is.
        """
        keys.path.mkdir(parents=True)
        (keys.path / "a.pub").write_text(ADA.public.pem)
        with pytest.raises(StorageError, match=r"a\.pem"):
            keys.load_private("a")

    def test_that_is_revoked_is_refused(self, keys: KeyDirectory) -> None:
        """
        INV-62: from whatever position on, and under whatever name.
        """
        made = keys.new("a")
        (keys.path / "copy.pub").write_text(made.public.pem)
        (keys.path / "copy.pem").write_bytes(made.private_path.read_bytes())
        (keys.path / "copy.pem").chmod(0o600)
        assert keys.load_private("copy").public == made.public
        keys.revoke("a", 9)
        for name in ("a", "copy"):
            with pytest.raises(TransitionError, match="key 'a' is revoked from log position 9 on"):
                keys.load_private(name)
        keys.refuse_revoked(EVE.public)


class TestARevocation:
    """
    "takes effect at a log position; a second revoke may only move the position to an earlier one"
    """

    def test_is_a_record_beside_the_key(self, keys: KeyDirectory) -> None:
        """
        Canonical, and nothing else is left of writing it.
        """
        made = keys.new("a")
        revocation = keys.revoke("a", 7)
        assert revocation == Revocation(key_id=made.public.key_id, from_position=7)
        assert (keys.path / "a.revocation.json").read_bytes() == revocation.raw
        assert sorted(path.name for path in keys.path.iterdir()) == ["a.pem", "a.pub", "a.revocation.json"]

    def test_moves_to_an_earlier_position_only(self, keys: KeyDirectory) -> None:
        """
        INV-62: the same position changes nothing, a later one is refused and leaves the record.
        """
        keys.new("a")
        for position in (7, 7, 5):
            assert keys.revoke("a", position).from_position == position
        with pytest.raises(TransitionError, match="revoked from position 5 on, asked to be revoked from 6"):
            keys.revoke("a", 6)
        revocation = keys.find("a").revocation
        assert revocation is not None
        assert revocation.from_position == 5

    def test_of_two_at_once_leaves_the_earlier(self, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The second waits until the first has written, and reads what it wrote.
        """
        keys.new("a")
        real = create_file
        second = threading.Thread(target=keys.revoke, args=("a", 9))
        failed: list[threading.ExceptHookArgs] = []
        monkeypatch.setattr(threading, "excepthook", failed.append)

        def create(path: Path, raw: bytes, *, mode: int) -> None:
            monkeypatch.setattr(module, "create_file", real)
            second.start()
            second.join(timeout=0.2)
            assert second.is_alive()
            real(path, raw, mode=mode)

        monkeypatch.setattr(module, "create_file", create)
        keys.revoke("a", 3)
        second.join()
        assert [one.exc_type for one in failed] == [TransitionError]
        assert keys.revoke("a", 3).from_position == 3

    def test_goes_on_after_a_crash(self, keys: KeyDirectory) -> None:
        """
        What was left half-written is written again.
        """
        keys.new("a")
        (keys.path / "a.revocation.part").write_text("{")
        keys.revoke("a", 3)
        assert not (keys.path / "a.revocation.part").exists()

    @pytest.mark.parametrize("position", [-1, 2**53, True, "0", None], ids=repr)
    def test_has_a_position(self, keys: KeyDirectory, position: Any) -> None:
        """
        A leaf index of the log.
        """
        keys.new("a")
        with pytest.raises(DefinitionError):
            keys.revoke("a", position)
        assert keys.find("a").revocation is None

    def test_of_an_unknown_key_is_refused(self, keys: KeyDirectory) -> None:
        """
        And makes no directory.
        """
        with pytest.raises(UnknownKeyError):
            keys.revoke("a", 0)
        assert not keys.path.exists()

    def test_of_another_key_is_refused(self, keys: KeyDirectory) -> None:
        """
        A record that was put there for another key, so that this one would seem revoked or not.
        """
        keys.new("a")
        (keys.path / "a.revocation.json").write_bytes(Revocation(key_id=EVE.public.key_id, from_position=0).raw)
        with pytest.raises(IntegrityError, match=f"a revocation of key {EVE.public.key_id}"):
            keys.find("a")

    @pytest.mark.parametrize("raw", [b"", b"{}", b"x"], ids=["empty", "no record", "no JSON"])
    def test_that_is_damaged_is_refused(self, keys: KeyDirectory, raw: bytes) -> None:
        """
        It is never taken for none.
        """
        keys.new("a")
        (keys.path / "a.revocation.json").write_bytes(raw)
        with pytest.raises(IntegrityError):
            keys.load_private("a")

    def test_that_is_a_link_to_nowhere_is_refused(self, keys: KeyDirectory) -> None:
        """
        It is never taken for none either.
        """
        keys.new("a")
        (keys.path / "a.revocation.json").symlink_to("nowhere")
        with pytest.raises(StorageError):
            keys.find("a")

    def test_that_cannot_be_put_in_place_is_refused(self, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        With the reason of the system, and the lock is given back.
        """
        keys.new("a")

        def refuse(*_: object) -> None:
            raise PermissionError(13, os.strerror(13))

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", refuse)
            with pytest.raises(StorageError, match="cannot be used: Permission denied"):
                keys.revoke("a", 3)
        assert keys.find("a").revocation is None
        assert keys.revoke("a", 3).from_position == 3
