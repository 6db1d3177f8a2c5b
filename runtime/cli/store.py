"""The root directory `.mission/`: checkpoints, votes, decisions and recorded runs, one canonical file each, and the log.

Files are named by digest, written whole or not at all, and never overwritten. A decision is claimed by creating its
file, so of two at once one wins. This is a shell: it reads and writes, and decides nothing.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

import attrs

from runtime.cli.inputs import is_file
from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of, is_digest
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, StorageError, UnknownRunError, shown
from runtime.evidence.record import RecordedRun
from runtime.orchestration.checkpoint import Checkpoint
from runtime.storage.whole_files import put_file
from runtime.values.answers import Answer
from runtime.values.decisions import HumanDecision

__all__ = ["Store", "near", "read_file"]

_ROOT_NAME: Final = ".mission"
_LOG_NAME: Final = "log.db"
_SHORTEST_NAME: Final = 4
_OTHER_STAGE: Final = {
    "checkpoints": "that is a checkpoint: mission approve {0} decides it, and the run it ends with has another digest",
    "runs": "that is a run that has ended, and asks nobody: mission explain {0} tells of it",
}
_NOTHING_YET: Final = {
    "checkpoints": "nothing waits here; mission run NAME starts a run",
    "runs": "no run is kept here yet; mission run NAME starts one",
}


@final
@attrs.frozen
class Store:
    """
    The files under one root directory; it is made on the first write.
    """

    root: Path

    @classmethod
    def locate(cls, root: Path | None) -> "Store":
        """
        Take the given root, or the nearest `.mission/` upwards, or the one to be made in the working directory.
        """
        if root is not None:
            return cls(root)
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / _ROOT_NAME).is_dir():
                return cls(folder / _ROOT_NAME)
        return cls(here / _ROOT_NAME)

    @property
    def log_path(self) -> Path:
        """
        The file of the log of receipts.
        """
        return self.root / _LOG_NAME

    def save_run(self, run: RecordedRun) -> Path:
        """
        Keep a recorded run under its receipt's digest.
        """
        return self._write("runs", run.receipt_digest, run.raw)

    def save_checkpoint(self, checkpoint: Checkpoint) -> Path:
        """
        Keep a checkpoint under its digest.
        """
        return self._write("checkpoints", checkpoint.digest, checkpoint.raw)

    def open_checkpoint(self, checkpoint: Checkpoint) -> Path:
        """
        Keep a checkpoint that waits for a decision now.

        Equal inputs give equal checkpoints, so an earlier run may have been decided here: its decision is set aside
        under a number, with the votes it came from, and this run is decided anew.
        """
        for path in (self._path("decisions", checkpoint.digest), *self._list_votes(checkpoint)):
            if path.exists():
                earlier = len(list(path.parent.glob(f"{path.stem}.[0-9]*.json")))
                path.rename(path.with_suffix(f".{earlier + 1}.json"))
        return self.save_checkpoint(checkpoint)

    def save_vote(self, checkpoint: Checkpoint, decision: HumanDecision) -> None:
        """
        Keep one person's decision of a vote that is not over; the first one of each person counts.
        """
        voter = digest_of(decision.actor).removeprefix("sha256:")
        self._write("votes", f"{checkpoint.digest}.{voter}", canonical_record(unstructure(decision)))

    def load_votes(self, checkpoint: Checkpoint) -> tuple[HumanDecision, ...]:
        """
        Read the decisions of a vote that is not over, sorted by actor.
        """
        votes = []
        for path in self._list_votes(checkpoint):
            document = parse_canonical(read_file(path), source=near(path))
            votes.append(structure(document, HumanDecision, what=near(path), error=IntegrityError))
        return tuple(sorted(votes, key=lambda vote: vote.actor or ""))

    def _list_votes(self, checkpoint: Checkpoint) -> list[Path]:
        # One that was set aside has a number behind the digest of its voter.
        name = checkpoint.digest.removeprefix("sha256:")
        return [path for path in (self.root / "votes").glob(f"{name}.*.json") if path.stem.count(".") == 1]

    def claim_decision(self, checkpoint: Checkpoint, answer: Answer) -> Answer:
        """
        Keep the decision of a checkpoint; the first one counts.

        Returns:
            The decision that counts: this one, or an earlier one.
        """
        path = self._write("decisions", checkpoint.digest, canonical_record(answer.to_dict()))
        return Answer.from_dict(parse_canonical(read_file(path), source=near(path)))

    def find_decision(self, checkpoint: Checkpoint) -> Answer | None:
        """
        Give the decision that counts for a checkpoint, or None.
        """
        path = self._path("decisions", checkpoint.digest)
        return Answer.from_dict(parse_canonical(read_file(path), source=near(path))) if path.exists() else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Keep other processes from deciding here meanwhile: who comes second finds what the first one decided.

        Raises:
            StorageError: the root cannot be used.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.root, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _cannot_write(self.root, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def load_run(self, name: str) -> RecordedRun:
        """
        Read a recorded run, by file or by the start of its digest.
        """
        path = self._find("runs", name)
        return RecordedRun.from_bytes(read_file(path), source=near(path))

    def list_runs(self) -> list[str]:
        """
        List the recorded runs, by digest, sorted.
        """
        return sorted(path.stem for path in self._list("runs"))

    def save_drill(self, digest: str, raw: bytes) -> Path:
        """
        Keep the record of a drill under its digest.
        """
        return self._write("drills", digest, raw)

    def list_drills(self) -> list[Path]:
        """
        List the files of drills, in no order that means anything.
        """
        return sorted(self._list("drills"))

    def load_checkpoint(self, name: str) -> Checkpoint:
        """
        Read a checkpoint, by file or by the start of its digest.
        """
        path = self._find("checkpoints", name)
        return Checkpoint.from_bytes(read_file(path), source=near(path))

    def _path(self, folder: str, digest: str) -> Path:
        return self.root / folder / f"{digest.removeprefix('sha256:')}.json"

    def _list(self, folder: str) -> list[Path]:
        try:
            return list((self.root / folder).glob("*.json"))
        except OSError as error:
            raise StorageError(
                f"cannot read: {error.strerror}", where=near(self.root / folder), remedy="give another --root DIR"
            ) from error

    def _find(self, folder: str, name: str) -> Path:
        """
        Find a file by path or by the start of its digest.

        Raises:
            UnknownRunError: there is none, or more than one.
            StorageError: the root cannot be read.
        """
        if is_file(Path(name)):
            return Path(name)
        start = name.removeprefix("sha256:")
        if is_digest(f"sha256:{start}") and is_file(self._path(folder, start)):
            # Looking through all names for each of them would take the square of their number.
            return self._path(folder, start)
        if len(start) < _SHORTEST_NAME:
            raise UnknownRunError(
                f"no file {shown(name)}", remedy=f"give a file, or at least {_SHORTEST_NAME} characters of a digest"
            )
        known = sorted(self._list(folder))
        found = [path for path in known if path.stem.startswith(start)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownRunError(
                f"{len(found)} {folder} whose digest starts with {shown(start)}",
                where=near(self.root / folder),
                remedy="give more characters",
            )
        raise UnknownRunError(
            f"{shown(name)}: neither a file nor one of the {folder}",
            where=near(self.root / folder),
            remedy=self._advise(folder, start, known),
        )

    def _advise(self, folder: str, start: str, known: list[Path]) -> str:
        """
        Say what there is instead: the same run at another stage, the newest names, or nothing yet.
        """
        for other, advice in _OTHER_STAGE.items():
            if folder != other and any(path.stem.startswith(start) for path in self._list(other)):
                return advice.format(start)
        return f"known are {[path.stem[:12] for path in known[-5:]]}" if known else _NOTHING_YET[folder]

    def _write(self, folder: str, digest: str, raw: bytes) -> Path:
        """
        Create a file whole, or leave the one that stands there.

        Raises:
            StorageError: the root cannot be written.
        """
        path = self._path(folder, digest)
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(exist_ok=True, mode=0o700)
            put_file(path, raw, replaces=False)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return path


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write: {error.strerror}", where=near(path), remedy="make the root writable, or give --root DIR"
    )


def near(path: Path) -> str:
    """
    Name a file as a user in the working directory would.
    """
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def read_file(path: Path) -> bytes:
    """
    Read a file.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"cannot read: {error.strerror}", where=near(path), remedy="give a file that exists and can be read"
        ) from error
