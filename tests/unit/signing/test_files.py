"""Key files: what is read, what is refused, and how a new one comes to be."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from signers import make_key

from runtime.errors import InvalidKeyError, StorageError, TransitionError
from runtime.limits import MAX_KEY_BYTES
from runtime.signing.files import create_file, read_bounded, read_private_key, read_public_key, sync_directory

KEY = make_key()


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """
    A private key that only its owner can read.
    """
    path = tmp_path / "ada.pem"
    create_file(path, KEY.to_pem().encode(), mode=0o600)
    return path


class TestAPrivateKeyFile:
    """
    "refusing a private key file that others can read (clear error with the chmod to run)"
    """

    def test_is_read(self, private: Path) -> None:
        """
        Also through a link.
        """
        link = private.with_name("link.pem")
        link.symlink_to(private)
        assert read_private_key(private).public == read_private_key(link).public == KEY.public

    @pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
    def test_may_be_its_owners(self, private: Path, mode: int) -> None:
        """
        Whatever the owner may do with it.
        """
        private.chmod(mode)
        assert read_private_key(private).public == KEY.public

    @pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001], ids=oct)
    def test_that_others_can_use_is_refused(self, private: Path, bit: int) -> None:
        """
        Each bit of group and others by itself; the message says what to run, and shows nothing of the key.
        """
        private.chmod(0o600 | bit)
        with pytest.raises(StorageError, match=f"others can use: mode {0o600 | bit:04o}") as caught:
            read_private_key(private)
        assert f"chmod 600 {private}" in caught.value.remedy
        assert caught.value.where == str(private)

    def test_the_command_to_run_is_safe_to_paste(self, tmp_path: Path) -> None:
        """
        A name with spaces or worse is quoted.
        """
        path = tmp_path / "a key; rm x.pem"
        create_file(path, KEY.to_pem().encode(), mode=0o644)
        path.chmod(0o644)
        with pytest.raises(StorageError) as caught:
            read_private_key(path)
        assert f"chmod 600 '{path}'" in caught.value.remedy

    def test_that_holds_something_else_is_refused_by_name(self, private: Path) -> None:
        """
        What stands in it is the reader's to say.
        """
        private.write_text(KEY.public.pem)
        with pytest.raises(InvalidKeyError, match=r"a public key at .*ada\.pem"):
            read_private_key(private)


class TestAPublicKeyFile:
    """
    It is for everybody.
    """

    @pytest.mark.parametrize("text", [KEY.public.pem, KEY.public.openssh], ids=["pem", "openssh"])
    def test_is_read_whoever_can_read_it(self, tmp_path: Path, text: str) -> None:
        """
        PEM, or the line of OpenSSH.
        """
        path = tmp_path / "ada.pub"
        path.write_text(text)
        path.chmod(0o644)
        assert read_public_key(path) == KEY.public

    def test_that_holds_something_else_is_refused_by_name(self, private: Path) -> None:
        """
        A private key is not taken for its public one.
        """
        with pytest.raises(InvalidKeyError, match=r"a private key at .*ada\.pem"):
            read_public_key(private)


class TestAnyFile:
    """
    "reading private and public files with bounded size"
    """

    def test_of_the_largest_size_is_read_and_a_larger_one_is_not(self, tmp_path: Path) -> None:
        """
        However large it is, no more than the limit and one byte is taken in.
        """
        path = tmp_path / "large"
        path.write_bytes(b"a" * MAX_KEY_BYTES)
        assert len(read_bounded(path)) == MAX_KEY_BYTES
        with path.open("ab") as file:
            file.truncate(1 << 40)  # a sparse file: reading it whole would fill the memory
        with pytest.raises(StorageError, match=f"more than {MAX_KEY_BYTES} bytes"):
            read_bounded(path)

    def test_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        """
        With the reason of the system.
        """
        with pytest.raises(StorageError, match="cannot read: No such file"):
            read_bounded(tmp_path / "none")

    def test_of_an_impossible_name_is_refused(self) -> None:
        """
        A NUL cannot stand in a name.
        """
        with pytest.raises(StorageError, match="cannot read: "):
            read_bounded(Path("a\0b"))

    @pytest.mark.parametrize("kind", ["directory", "pipe"])
    def test_that_is_none_is_refused_at_once(self, tmp_path: Path, kind: str) -> None:
        """
        Nobody writes to the pipe, and the reader does not wait for one.
        """
        path = tmp_path / "odd"
        if kind == "directory":
            path.mkdir()
        else:
            os.mkfifo(path)
        before = len(list(Path("/dev/fd").iterdir()))
        with pytest.raises(StorageError, match="not a regular file"):
            read_bounded(path)
        assert len(list(Path("/dev/fd").iterdir())) == before


class TestANewFile:
    """
    "mode 0600 from the first moment (os.open with O_EXCL), never overwritten, fsynced"
    """

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
    def test_has_its_mode_before_anything_is_in_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
    ) -> None:
        """
        Whatever the umask; so nobody can open it in between.
        """
        seen: list[tuple[int, int]] = []
        path = tmp_path / "key"
        real = os.fdopen

        def look(descriptor: int, *words: Any, **keywords: Any) -> Any:
            status = os.fstat(descriptor)
            seen.append((stat.S_IMODE(status.st_mode), status.st_size))
            return real(descriptor, *words, **keywords)

        monkeypatch.setattr(os, "fdopen", look)
        old = os.umask(umask)
        try:
            create_file(path, b"secret", mode=0o600)
        finally:
            os.umask(old)
        assert seen == [(0o600, 0)]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes() == b"secret"

    @pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
    def test_is_not_written_over_another(self, tmp_path: Path, kind: str) -> None:
        """
        Nor through a link to another place.
        """
        path, other = tmp_path / "key", tmp_path / "other"
        if kind != "dangling link":
            other.write_bytes(b"old")
        (path.write_bytes(b"old") if kind == "file" else path.symlink_to(other))
        with pytest.raises(TransitionError, match="a file that exists already"):
            create_file(path, b"new", mode=0o600)
        assert not other.exists() or other.read_bytes() == b"old"
        assert kind != "file" or path.read_bytes() == b"old"

    def test_is_on_disk_when_the_call_returns(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The content first; the directory is the caller's to sync.
        """
        synced: list[bytes] = []

        def sync(descriptor: int) -> None:
            synced.append(Path(f"/dev/fd/{descriptor}").read_bytes() if not _is_directory(descriptor) else b"/")

        monkeypatch.setattr(os, "fsync", sync)
        create_file(tmp_path / "key", b"secret", mode=0o600)
        sync_directory(tmp_path)
        assert synced == [b"secret", b"/"]

    def test_that_cannot_be_written_whole_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A full disk shows when the bytes are to go there.
        """
        monkeypatch.setattr(os, "fsync", _full)
        with pytest.raises(StorageError, match="cannot write: No space left"):
            create_file(tmp_path / "key", b"secret", mode=0o600)
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(StorageError, match="cannot write: No space left"):
            sync_directory(tmp_path)

    def test_in_no_directory_is_refused(self, tmp_path: Path) -> None:
        """
        With the reason of the system.
        """
        with pytest.raises(StorageError, match="cannot write: No such file or directory"):
            create_file(tmp_path / "none" / "key", b"secret", mode=0o600)


def _is_directory(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
