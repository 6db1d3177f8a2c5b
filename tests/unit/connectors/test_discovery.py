"""Test files: which are found, in which order, and that nothing outside the root is seen."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from runtime.connectors import discovery
from runtime.connectors.discovery import FoundFiles, Misplaced, find_test_files, locate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """
    A folder with a neighbour that nothing may reach.
    """
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "test_secret.py").touch()
    (tmp_path / "root").mkdir()
    return (tmp_path / "root").resolve()


def plant(root: Path, names: Iterable[str]) -> None:
    """
    Make empty files, and the folders they stand in.
    """
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path, target: str = ".", max_files: int = 1000) -> FoundFiles:
    """
    Search below a target.
    """
    return find_test_files(root, PurePosixPath(target), max_files=max_files)


class TestATarget:
    """
    "Nothing may leave" the root.
    """

    @pytest.mark.parametrize(
        ("target", "place"),
        [
            (".", "."),
            ("tests", "tests"),
            ("tests/", "tests"),
            ("./tests//test_a.py", "tests/test_a.py"),
            ("link_inside", "tests"),
            ("link_inside/test_a.py", "tests/test_a.py"),
        ],
    )
    def test_inside_is_located(self, root: Path, target: str, place: str) -> None:
        """
        By its place relative to the root, links resolved, however it is written.
        """
        plant(root, ["tests/test_a.py"])
        (root / "link_inside").symlink_to("tests")
        assert locate(root, target) == PurePosixPath(place)
        assert locate(root, f"{root}/{target}") == PurePosixPath(place)

    @pytest.mark.parametrize(
        "target",
        [
            "..",
            "../outside",
            "tests/../../outside",
            "tests/../tests",
            "/",
            "/etc/passwd",
            "/no/such/place",
            "link_outside",
            "link_outside/test_secret.py",
            "link_outside/no_such_file",
            "link_to_root",
            "tests/test_link.py",
            "dangling",
        ],
    )
    def test_outside_is_refused(self, root: Path, target: str) -> None:
        """
        By `..`, by an absolute path or through a link, whether it exists or not.
        """
        plant(root, ["tests/test_a.py"])
        (root / "link_outside").symlink_to("../outside")
        (root / "link_to_root").symlink_to("/")
        (root / "dangling").symlink_to("../no_such_file")
        (root / "tests" / "test_link.py").symlink_to(root.parent / "outside" / "test_secret.py")
        assert locate(root, target) is Misplaced.OUTSIDE

    def test_of_a_neighbour_with_a_longer_name_is_refused(self, root: Path) -> None:
        """
        Paths are compared by their parts, not by how their texts begin.
        """
        plant(root.parent, ["root-2/test_a.py"])
        assert locate(root, f"{root}-2") is Misplaced.OUTSIDE

    @pytest.mark.parametrize("target", ["missing", "test_a.py/x", "loop", "x" * 300, "~"])
    def test_that_is_not_there_is_not_found(self, root: Path, target: str) -> None:
        """
        A name that is nothing, a file taken for a folder, a loop of links, a name too long.
        """
        plant(root, ["test_a.py"])
        (root / "loop").symlink_to("loop")
        assert locate(root, target) is Misplaced.NOT_FOUND


class TestFiles:
    """
    "The test files below a target that pytest would take for tests by their names."
    """

    def test_are_found_by_name_and_sorted_by_path(self, root: Path) -> None:
        """
        `test_*.py` and `*_test.py`, relative to the root, by code point.
        """
        plant(root, ["b/test_b.py", "b-c/x_test.py", "a/deep/down/test_.py", "B/_test.py", "test_é.py", "test_z.py"])
        plant(root, ["test.py", "testing.py", "a/mytest.py", "test_a.txt", "test_a.pyc", "a/conftest.py", "test_x.PY"])
        assert found(root) == FoundFiles(
            files=("B/_test.py", "a/deep/down/test_.py", "b-c/x_test.py", "b/test_b.py", "test_z.py", "test_é.py"),
            count=6,
            is_truncated=False,
        )

    def test_are_those_below_the_target(self, root: Path) -> None:
        """
        What stands beside it is not searched.
        """
        plant(root, ["test_top.py", "tests/unit/test_a.py", "tests-2/test_b.py"])
        assert found(root, "tests").files == ("tests/unit/test_a.py",)

    def test_of_a_target_that_is_a_file_are_that_file(self, root: Path) -> None:
        """
        Pytest runs a Python file that is named, whatever its name.
        """
        plant(root, ["checks.py", "notes.txt"])
        assert found(root, "checks.py") == FoundFiles(files=("checks.py",), count=1, is_truncated=False)
        assert found(root, "notes.txt") == FoundFiles(files=(), count=0, is_truncated=False)

    def test_in_folders_pytest_leaves_out_are_not_found(self, root: Path) -> None:
        """
        Hidden folders, build output, installed packages and virtual environments, except as the target itself.
        """
        folders = [".git", ".venv", "build", "dist", "node_modules", "venv", "__pycache__", "CVS", "a.egg", "{arch}"]
        plant(root, [f"{folder}/test_a.py" for folder in folders])
        plant(root, ["env/pyvenv.cfg", "env/test_a.py", "conda/conda-meta/x", "conda/test_a.py"])
        assert found(root) == FoundFiles(files=(), count=0, is_truncated=False)
        assert found(root, "build").files == ("build/test_a.py",)
        assert found(root, "env").files == ("env/test_a.py",)

    def test_are_real_files(self, root: Path) -> None:
        """
        A folder, a pipe and a link of such a name are none, and a link to a folder is not entered.
        """
        plant(root, ["real/test_a.py", "test_folder.py/x"])
        os.mkfifo(root / "test_pipe.py")
        (root / "test_link.py").symlink_to(root.parent / "outside" / "test_secret.py")
        (root / "outside").symlink_to("../outside")
        (root / "again").symlink_to("real")
        (root / "real" / "up").symlink_to("..")
        assert found(root).files == ("real/test_a.py",)

    @pytest.mark.skipif(sys.platform == "darwin", reason="its file systems hold UTF-8 names only")
    def test_of_names_that_are_no_utf_8_are_shown(self, root: Path) -> None:
        """
        Their bytes become U+FFFD, because JSON has no place for them.
        """
        (root / os.fsdecode(b"test_\xff.py")).touch()
        assert found(root).files == ("test_\ufffd.py",)


class TestABoundOfTheSearch:
    """
    "Tells that not all of them are listed, or that not every folder could be searched."
    """

    def test_cuts_the_list(self, root: Path) -> None:
        """
        The first by name are listed, all are counted.
        """
        plant(root, ["test_c.py", "test_a.py", "test_b.py"])
        assert found(root, max_files=2) == FoundFiles(files=("test_a.py", "test_b.py"), count=3, is_truncated=True)
        assert not found(root, max_files=3).is_truncated

    def test_cuts_a_list_of_long_names(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Few files of long names fill an outcome too.
        """
        plant(root, ["test_a.py", "test_b.py"])
        monkeypatch.setattr(discovery, "_LIST_BYTES", len('"test_a.py",') * 2 - 1)
        assert found(root) == FoundFiles(files=("test_a.py",), count=2, is_truncated=True)

    def test_ends_the_search_at_the_same_file_each_time(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Folders are entered by name, and no folder is read in part.
        """
        plant(root, ["c/test_c.py", "a/test_a.py", "b/1/test_b.py", "b/2/test_b.py"])
        monkeypatch.setattr(discovery, "MAX_ENTRIES", 7)
        assert found(root) == FoundFiles(files=("a/test_a.py", "b/1/test_b.py"), count=2, is_truncated=True)

    def test_shows_a_folder_that_cannot_be_read(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The rest is listed, and the list does not pass for all.
        """
        plant(root, ["a/test_a.py", "b/test_b.py"])
        scan = os.scandir

        def refuse(path: Path) -> Any:
            # Permissions would not do: tests may run as root.
            if path.name == "a":
                raise PermissionError
            return scan(path)

        monkeypatch.setattr(os, "scandir", refuse)
        assert found(root) == FoundFiles(files=("b/test_b.py",), count=1, is_truncated=True)
