"""Profiles by name: those that are shipped, and those of installed packages of either group."""

import importlib.metadata
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from profiling import NATIVE, OLD, write

from runtime.errors import ProfileError, UnknownProfileError
from runtime.profiles import loading
from runtime.profiles.loading import GROUPS, find_profile, list_profiles
from runtime.profiles.profile import Layout


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    A package that declares profiles in both groups: a directory, functions, one that raises, and one that is broken.
    """
    package = tmp_path / "packaged_profiles"
    write(package / "mail", NATIVE)
    write(package / "depot", OLD)
    write(package / "bad", {**NATIVE, "intents/look.yaml": "{}"})
    (package / "__init__.py").write_text(
        "from pathlib import Path\n"
        "HERE = Path(__file__).parent\n"
        "MAIL = HERE / 'mail'\n"
        "def depot(): return HERE / 'depot'\n"
        "def bad(): return str(HERE / 'bad')\n"
        "def number(): return 5\n"
        "def broken(): raise RuntimeError('no')\n"
        "def leaving(): raise SystemExit\n"
    )
    declared = {
        GROUPS[0]: {"mail": "MAIL", "bad": "bad", "broken": "broken", "number": "number", "host-health": "MAIL"},
        GROUPS[1]: {"depot": "depot", "mail": "depot", "leaving": "leaving", "gone": "nothing_like_it"},
    }
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        loading,
        "entry_points",
        lambda group: [
            EntryPoint(name, f"packaged_profiles:{value}", group) for name, value in declared[group].items()
        ],
    )
    yield None
    sys.modules.pop("packaged_profiles", None)


@pytest.mark.usefixtures("_installed")
class TestInstalledProfiles:
    """
    "An installed package declares its directory, in our group or in that of `rexecop`."
    """

    def test_a_directory_and_a_function(self) -> None:
        """
        INV-128: both layouts are found by name, and messages name the profile, not its place.
        """
        mail, depot = find_profile("mail"), find_profile("depot")
        assert (mail.name, mail.layout, mail.label) == ("mail", Layout.NATIVE, "mail")
        assert (depot.name, depot.layout, depot.label) == ("depot", Layout.REXECOP, "depot")

    @pytest.mark.parametrize("name", ["broken", "leaving", "number", "gone", "bad"])
    def test_a_broken_one_is_refused(self, name: str) -> None:
        """
        Whatever its package does.
        """
        with pytest.raises((ProfileError, UnknownProfileError)):
            find_profile(name)

    def test_a_broken_one_takes_no_other_down(self) -> None:
        """
        All are listed, with why one cannot be read; of one name the shipped one, then our group counts.
        """
        listed = {one.name: one for one in list_profiles()}
        assert {name for name, one in listed.items() if one.profile is None} == {
            "bad",
            "broken",
            "gone",
            "leaving",
            "number",
        }
        assert (
            listed["broken"].fault
            == "profile 'broken' of entry point mission_runtime.profiles: its package raised RuntimeError"
        )
        assert listed["host-health"].origin == "shipped"
        assert listed["mail"].origin == "entry point mission_runtime.profiles"

    def test_a_directory_of_the_name_is_not_taken_by_accident(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        A name means what is installed; `./name` means the directory.
        """
        write(tmp_path / "here" / "depot", NATIVE)
        monkeypatch.chdir(tmp_path / "here")
        assert find_profile("depot").name == "depot"
        assert find_profile("./depot").name == "mail"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    """
    INV-120: the message lists them.
    """
    with pytest.raises(UnknownProfileError) as refused:
        find_profile("nothing-like-it")
    assert "host-health" in refused.value.remedy


def test_unreadable_metadata_takes_no_profile_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The entry points of each package are then read by themselves.
    """

    class _Bad:
        name = "bad"

        @property
        def entry_points(self) -> None:
            raise ValueError("no")

    def fail(group: str) -> None:
        raise ValueError(group)

    monkeypatch.setattr(loading, "entry_points", fail)
    monkeypatch.setattr(loading, "distributions", lambda: [_Bad(), *importlib.metadata.distributions()])
    assert "host-health" in {one.name for one in list_profiles()}
