"""Backends: connectors are made by name, and one that is broken is refused by name and takes no other down."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.connectors.backends import build_connector, build_connectors, list_backends
from runtime.errors import BrokenConnectorError, ConnectorSettingsError, UnknownConnectorError
from runtime.values import EffectOutcome

Perform = Callable[..., EffectOutcome]

MOCK = {"backend": "mock", "settings": {"actions": {"go": {"mode": "read", "outcome": {"status": "succeeded"}}}}}

_PLUGINS = """
import sys

class Fine:
    def __init__(self, settings):
        self.settings = settings
    def describe(self):
        return {"actions": {"go": {"mode": "read"}}}
    def call(self, request):
        from runtime.values import EffectOutcome, OutcomeStatus
        return EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=self.settings)

def raising(settings):
    raise RuntimeError("canary")
def leaving(settings):
    sys.exit(3)
def nothing(settings):
    return None
class Mute(Fine):
    def describe(self):
        raise KeyError("canary")
class Odd(Fine):
    def describe(self):
        return {"actions": {"go": {"mode": "maybe"}}}
class Empty(Fine):
    def describe(self):
        return {}
class Numbered(Fine):
    def describe(self):
        return {"actions": {1: {"mode": "read"}}}
def strict(settings):
    from runtime.errors import ConnectorSettingsError
    raise ConnectorSettingsError("no good", remedy="do better")
"""
_NAMES = {
    "fine": "plugged:Fine",
    "mock": "plugged:raising",
    "raising": "plugged:raising",
    "leaving": "plugged:leaving",
    "nothing": "plugged:nothing",
    "mute": "plugged:Mute",
    "odd": "plugged:Odd",
    "empty": "plugged:Empty",
    "numbered": "plugged:Numbered",
    "strict": "plugged:strict",
    "gone": "plugged:gone",
    "no_module": "not_there:x",
    "twice": "plugged:Fine",
}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Packages that offer backends, good and bad, as if they were installed.
    """
    (tmp_path / "plugged.py").write_text(_PLUGINS)
    lines = {"plugged": _NAMES, "rival": {"twice": "plugged:Mute"}}
    for package, names in lines.items():
        folder = tmp_path / f"{package}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        entries = "\n".join(f"{name} = {value}" for name, value in names.items())
        (folder / "entry_points.txt").write_text(f"[mission_runtime.connectors]\n{entries}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plugged", raising=False)


class TestABackend:
    """
    A name and settings make a connector.
    """

    def test_that_is_built_in_is_made(self, perform: Perform) -> None:
        """
        And can be switched off.
        """
        assert perform(build_connector(MOCK), "go").status.value == "succeeded"
        assert perform(build_connector({**MOCK, "enabled": False}), "go").code == "disabled"

    @pytest.mark.usefixtures("plugins")
    def test_of_a_package_is_made_from_its_own_copy_of_the_settings(self, perform: Perform) -> None:
        """
        It is named as the package names it.
        """
        settings = {"a": [1]}
        connector: Any = build_connector({"backend": "fine", "settings": settings})
        connector.settings["a"].append(2)
        assert settings == {"a": [1]}
        assert perform(connector, "go").output == {"a": [1, 2]}
        assert "fine" in list_backends()

    @pytest.mark.usefixtures("plugins")
    def test_that_is_built_in_is_not_replaced(self, perform: Perform) -> None:
        """
        A package that takes its name is not asked.
        """
        assert perform(build_connector(MOCK), "go").status.value == "succeeded"

    def test_that_is_not_known_is_refused_with_those_that_are(self) -> None:
        """
        Sorted.
        """
        with pytest.raises(UnknownConnectorError) as caught:
            build_connector({"backend": "carrier_pigeon"})
        assert "['http_api', 'local_command', 'mock', 'ssh_readonly'" in caught.value.remedy

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"backend": ""},
            {"backend": "mock", "settings": []},
            {**MOCK, "enabled": 1},
            {**MOCK, "token": "x"},
            "mock",
        ],
        ids=["empty", "no_name", "settings", "enabled", "more", "text"],
    )
    def test_whose_document_cannot_be_read_is_refused(self, document: Any) -> None:
        """
        With its faults.
        """
        with pytest.raises(ConnectorSettingsError) as caught:
            build_connector(document, name="mail")
        assert caught.value.faults
        assert "mail" in caught.value.what

    def test_whose_settings_have_faults_is_refused_with_them(self) -> None:
        """
        And with the name of the connector.
        """
        with pytest.raises(ConnectorSettingsError) as caught:
            build_connector({"backend": "mock", "settings": {"actions": {"go": {}}, "more": 1}}, name="mail")
        assert "mail" in caught.value.what
        assert len(caught.value.faults) > 1

    @pytest.mark.usefixtures("plugins")
    @pytest.mark.parametrize(
        ("name", "word"),
        [
            ("raising", "RuntimeError"),
            ("leaving", "SystemExit"),
            ("nothing", "no `call`"),
            ("mute", "KeyError"),
            ("odd", "ValueError"),
            ("empty", "KeyError"),
            ("numbered", "actions"),
            ("gone", "AttributeError"),
            ("no_module", "ModuleNotFoundError"),
            ("twice", "2 packages"),
        ],
    )
    def test_of_a_package_that_is_broken_is_refused_by_name(self, name: str, word: str) -> None:
        """
        With the kind of the fault, and never with its text.
        """
        with pytest.raises(BrokenConnectorError) as caught:
            build_connector({"backend": name})
        assert name in caught.value.what
        assert word in str(caught.value)
        assert caught.value.remedy
        assert "canary" not in str(caught.value)

    @pytest.mark.usefixtures("plugins")
    def test_of_a_package_may_refuse_its_settings_itself(self) -> None:
        """
        In its own words.
        """
        with pytest.raises(ConnectorSettingsError, match=r"'x': no good.*do better"):
            build_connector({"backend": "strict"}, name="x")

    @pytest.mark.usefixtures("plugins")
    def test_that_is_broken_takes_no_other_down(self, perform: Perform) -> None:
        """
        Each that can be made is made.
        """
        documents = {name: {"backend": name} for name in _NAMES if name != "mock"}
        built = build_connectors({**documents, "mine": MOCK, "unknown": {"backend": "none"}})
        assert sorted(built.connectors) == ["fine", "mine"]
        assert sorted(built.refused) == sorted({*_NAMES, "unknown"} - {"fine", "mock"})
        assert perform(built.connectors["mine"], "go").status.value == "succeeded"


def test_no_library_is_loaded_before_it_is_used() -> None:
    """
    Making one connector loads what it needs, and not what others need.
    """
    script = (
        "import sys; from runtime.connectors.backends import build_connector;"
        f"build_connector({MOCK!r}); print([name for name in ('httpx', 'httpcore', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
