"""`mission profile` and `mission env`: what people read, what machines read, and the exit status."""

import json
import re
from pathlib import Path

import pytest
from command_line import Mission
from profiling import ENVIRONMENT, NATIVE, OLD, OLD_ENVIRONMENT, changed, write
from syrupy.assertion import SnapshotAssertion

from runtime.profiles import loading
from runtime.profiles.loading import ListedProfile

SHIPPED = Path(loading.__file__).parent / "shipped"

FAULTY = {
    **changed("workflows/look.yaml", "timeout: 10s", "timeout: soon"),
    "intents/look.yaml": NATIVE["intents/look.yaml"].replace("risk: low", "risk: none"),
    "connectors/service.yaml": NATIVE["connectors/service.yaml"].replace("mode: read", "mode: &a read"),
}
ODD = {
    **{name: text for name, text in NATIVE.items() if name != "validation_rules/look.yaml"},
    "profile.yaml": NATIVE["profile.yaml"]
    .replace("validation_rules: [look, restart]", "validation_rules: [restart]")
    .replace("workflows: [look, restart]", "workflows: [look, restart, spare]")
    .replace("connectors: [service]", "connectors: [service, spare]"),
    "workflows/spare.yaml": "schema: profile-workflow/v1\nid: spare\nsteps: [{id: a, type: evidence, action: a}]\n",
    "connectors/spare.yaml": "schema: profile-connector/v1\nname: spare\nactions: {a: {mode: read}}\n",
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    write(tmp_path / "mail")
    write(tmp_path / "faulty", FAULTY)
    write(tmp_path / "odd", ODD)
    write(tmp_path / "depot", OLD)
    (tmp_path / "north.yaml").write_text(ENVIRONMENT)
    (tmp_path / "bad.yaml").write_text(ENVIRONMENT.replace("token_ref: mail_token", "token: 5f2b9c7e1a3d4f6b8c0d"))
    (tmp_path / "depot.yaml").write_text(OLD_ENVIRONMENT)


class TestProfileLint:
    """
    "All faults, exit 2; else ok with a summary; warnings, exit 0."
    """

    @pytest.mark.parametrize("name", ["mail", "odd", "depot/profile.yaml", "backup"])
    def test_of_a_profile_that_can_be_used(self, mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
        """
        It is summed up, with what is probably not meant and its line.
        """
        shown = mission("profile", "lint", name)
        assert (shown.status, shown.err) == (0, "")
        assert re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", shown.out) == snapshot

    def test_of_a_profile_with_faults(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        INV-120: every fault of every file is listed, in the order of files and lines.
        """
        shown = mission("profile", "lint", "faulty")
        assert (shown.status, shown.out) == (2, "")
        assert shown.err == snapshot

    def test_of_nothing(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        The names that are known are told.
        """
        shown = mission("profile", "lint", "nothing-like-it")
        assert shown.status == 2
        assert shown.err == snapshot

    def test_as_json(self, mission: Mission) -> None:
        """
        The same for machines, faults included.
        """
        good = json.loads(mission("profile", "lint", "mail", "--json").out)
        assert (good["name"], good["layout"], [one["id"] for one in good["intents"]]) == (
            "mail",
            "native",
            ["look", "restart"],
        )
        bad = mission("profile", "lint", "faulty", "--json")
        assert bad.status == 2
        assert json.loads(bad.out)["error"]["code"] == "invalid_profile"
        assert len(json.loads(bad.out)["error"]["faults"]) == 3


class TestProfileList:
    """
    "The profiles that go by a name; one that cannot be used takes no other down."
    """

    def test_as_text(self, mission: Mission, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        With where each comes from, and why one cannot be used.
        """
        monkeypatch.setattr(loading, "_entry_points", lambda _: [])
        shown = mission("profile", "list")
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_with_one_that_cannot_be_used(self, mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Its reason stands below the others.
        """
        broken = ListedProfile(name="broken", origin="entry point x", fault="its package raised RuntimeError")
        monkeypatch.setattr("runtime.cli.profile.list_profiles", lambda: (broken,))
        assert mission("profile", "list").out.endswith(
            "cannot be used:\n  broken (entry point x): its package raised RuntimeError\n"
        )

    def test_as_json(self, mission: Mission) -> None:
        """
        With the intents of each.
        """
        listed = json.loads(mission("profile", "list", "--json").out)["profiles"]
        assert {"backup", "host-health", "http-health", "tecrax-fixture"} <= {one["name"] for one in listed}


class TestEnvLint:
    """
    "All faults, exit 2; what keeps intents from being run, exit 0."
    """

    @pytest.mark.parametrize(
        "words",
        [["north.yaml", "--profile", "mail"], ["north.yaml"], ["depot.yaml", "--profile", "depot"]],
        ids=["held_to_its_profile", "of_a_profile_that_is_not_installed", "of_the_other_layout"],
    )
    def test_of_an_environment_that_can_be_used(
        self, mission: Mission, snapshot: SnapshotAssertion, words: list[str]
    ) -> None:
        """
        It is summed up, with what is missing for its profile.
        """
        shown = mission("env", "lint", *words)
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_a_shipped_example(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        It is held to the profile of the name it gives.
        """
        shown = mission("env", "lint", str(SHIPPED / "backup" / "environments" / "example.yaml"))
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_one_with_an_inline_secret(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        INV-127: refused with its line, and never shown.
        """
        shown = mission("env", "lint", "bad.yaml")
        assert (shown.status, shown.out) == (2, "")
        assert "5f2b9c7e1a3d4f6b8c0d" not in shown.err
        assert shown.err == snapshot

    def test_of_another_profile(self, mission: Mission) -> None:
        """
        The line that names it is told.
        """
        shown = mission("env", "lint", "north.yaml", "--profile", "backup")
        assert shown.status == 2
        assert "north.yaml:3 profile" in shown.err

    def test_as_json(self, mission: Mission) -> None:
        """
        The same for machines; settings are not among it.
        """
        told = json.loads(mission("env", "lint", "north.yaml", "--profile", "mail", "--json").out)
        assert told["targets"] == {"both": "group", "mail-1": "host", "mail-2": "vm"}
        assert told["held_to"]["name"] == "mail"
        assert told["connectors"] == {"service": {"backend": "mock", "enabled": True}}
