"""Reading an environment: every way it can be wrong, with its line; secrets, windows, policies; and the other layout."""

from pathlib import Path

import pytest
from profiling import ENVIRONMENT, OLD, OLD_ENVIRONMENT, write

from runtime.errors import ProfileError
from runtime.profiles.environments import Environment, lint_pair
from runtime.profiles.loading import read_environment, read_profile


def _read(root: Path, text: str) -> Environment:
    root.mkdir(parents=True, exist_ok=True)
    (root / "env.yaml").write_text(text)
    return read_environment(root / "env.yaml")


def _faults(root: Path, text: str) -> list[str]:
    with pytest.raises(ProfileError) as refused:
        _read(root, text)
    return [str(fault).replace(str(root / "env.yaml"), "E") for fault in refused.value.faults]


INLINE = "looks like a secret (rule key): give its name under a key that ends in _ref, and keep the value outside"

WRONG: dict[str, tuple[str, str, str]] = {
    "unknown_field": ("profile: mail", "profiel: mail", "unknown field 'profiel' @ E:3 profiel"),
    "no_targets": ("targets:\n", "targets: {}\nold:\n", "targets has 0 members: allowed are 1 to 1000 @ E:4 targets"),
    "type_of_target": (
        "{type: vm}",
        "{type: cloud}",
        "expected one of ['group', 'host', 'vm'], got str 'cloud' @ E:6 targets['mail-2'].type",
    ),
    "members_of_a_vm": (
        "{type: vm}",
        "{type: vm, members: [mail-1]}",
        "members of a vm: only a group has some @ E:6 targets['mail-2'].members",
    ),
    "group_without_members": (
        "members: [mail-1, mail-2]",
        "members: []",
        "a group without members: name at least one @ E:7 targets['both']",
    ),
    "member_that_is_no_target": (
        "members: [mail-1, mail-2]",
        "members: [mail-1, mail-3]",
        "member 'mail-3' is no target: targets are ['both', 'mail-1', 'mail-2'] @ E:9 targets['both'].members[1]",
    ),
    "member_that_is_a_group": (
        "members: [mail-1, mail-2]",
        "members: [both]",
        "member 'both' is a group: name its members @ E:9 targets['both'].members[0]",
    ),
    "member_named_twice": (
        "members: [mail-1, mail-2]",
        "members: [mail-1, mail-1]",
        "['mail-1'] stand twice: keep one of each @ E:9 targets['both'].members",
    ),
    "inline_secret": (
        "token_ref: mail_token",
        "token: 5f2b9c7e1a3d4f6b8c0d",
        f"{INLINE} @ E:13 /connectors/service/settings/token",
    ),
    "inline_secret_in_an_attribute": (
        "attributes: {rack: 4}",
        "attributes: {password: hunter2}",
        f"{INLINE} @ E:5 /targets/mail-1/attributes/password",
    ),
    "reference_that_is_no_name": (
        "token_ref: mail_token",
        'token_ref: "mail token!"',
        (
            "no name of a secret: write letters, digits, _, . and -, the first a letter"
            " @ E:13 /connectors/service/settings/token_ref"
        ),
    ),
    "reference_that_is_an_object": (
        "token_ref: mail_token",
        "token_ref: {value: x}",
        (
            "no name of a secret: write letters, digits, _, . and -, the first a letter"
            " @ E:13 /connectors/service/settings/token_ref"
        ),
    ),
    "secret_in_place_of_its_name": (
        "token_ref: mail_token",
        "token_ref: ghp_0123456789abcdefghijklmnopqrstuvwxyz",
        "keep the value outside @ E:13 /connectors/service/settings/token_ref",
    ),
    "backend_that_is_a_path": (
        "backend: mock",
        "backend: ../mock",
        "a name is no path @ E:12 connectors['service'].backend",
    ),
    "no_run_at_once": (
        "max_concurrent: 2",
        "max_concurrent: 0",
        "max_concurrent is 0: allowed are 1 to 1000 @ E:15 safety.max_concurrent",
    ),
    "time_zone_that_is_none": (
        "Europe/Warsaw",
        "Europe/Warzsaw",
        (
            "time zone 'Europe/Warzsaw': write a name of the IANA list, as in Europe/Warsaw"
            " @ E:18 safety.maintenance_windows[0].timezone"
        ),
    ),
    "time_zone_that_is_a_path": (
        "Europe/Warsaw",
        "../../../etc/passwd",
        "time zone '../../../etc/passwd': write a name of the IANA list",
    ),
    "time_of_25_hours": ('"22:00"', '"25:00"', "time '25:00': write hours and minutes in quotes"),
    "time_without_quotes": ('"22:00"', "22:00", "quote it, or write a number as JSON does"),
    "window_of_no_length": (
        'end: "04:00"',
        'end: "22:00"',
        'from 22:00 to 22:00: for a whole day write "00:00" and "24:00" @ E:18 safety.maintenance_windows[0].end',
    ),
    "weekday_that_is_none": (
        "weekdays: [sat, sun]",
        "weekdays: [sat, someday]",
        "got str 'someday' @ E:18 safety.maintenance_windows[0].weekdays[1]",
    ),
    "date_that_is_none": (
        "weekdays: [sat, sun]",
        'dates: ["2026-02-30"]',
        "date '2026-02-30': write a date as in 2026-05-14 @ E:18 safety.maintenance_windows[0].dates",
    ),
    "key_that_stands_twice": ("profile: mail", "id: south", "key 'id' stands twice, first in line 2: keep one @ E:3:1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_defect_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """
    INV-120: what is wrong is refused, with line and path, and how to mend it.
    """
    old, new, expected = WRONG[case]
    assert ENVIRONMENT.count(old) == 1
    faults = _faults(tmp_path, ENVIRONMENT.replace(old, new))
    assert any(expected in fault for fault in faults), "\n".join(faults)


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    """
    INV-127: not the value, whatever else is wrong with the document.
    """
    canary = "5f2b9c7e1a3d4f6b8c0d"
    text = ENVIRONMENT.replace("token_ref: mail_token", f"token: {canary}").replace(
        "max_concurrent: 2", "max_concurrent: 0"
    )
    faults = _faults(tmp_path, text)
    assert len(faults) == 2
    assert canary not in "\n".join(faults)


class TestThePolicy:
    """
    "A file below the directory of the environment."
    """

    @pytest.mark.parametrize("name", ["../outside.yaml", "gone.yaml", "link.yaml", "/etc/hostname"])
    def test_a_policy_elsewhere_or_nowhere_is_refused(self, name: str, tmp_path: Path) -> None:
        """
        INV-121: a path that leaves the directory, a link out of it, a file that is not there.
        """
        (tmp_path / "outside.yaml").write_text("{}")
        inside = tmp_path / "inside"
        inside.mkdir()
        (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
        [fault] = _faults(inside, f"{ENVIRONMENT}policy: {name}\n")
        assert fault.endswith("E:19 policy")

    def test_a_pack_that_is_none_is_told_with_its_lines(self, tmp_path: Path) -> None:
        """
        Under the name of its own file.
        """
        (tmp_path / "pack.yaml").write_text("schema: policy-pack/v1\npolicy_id: a\nversion: 1\nrules: []\n")
        faults = _faults(tmp_path, f"{ENVIRONMENT}policy: pack.yaml\n")
        assert any("pack.yaml:3" in fault for fault in faults)


class TestTheOtherLayout:
    """
    "The existing layout is read as it is."
    """

    def test_it_is_read(self, tmp_path: Path) -> None:
        """
        Flat connectors, free targets, members that are no targets, a plain `on`; what nothing reads is told.
        """
        environment = _read(tmp_path, OLD_ENVIRONMENT)
        document = environment.document
        assert (document.id, document.profile, document.description) == ("depot-north", "depot", "For tests.\n")
        assert document.targets["all_critical_vms"].members == ("vm-1", "vm-2")
        assert document.targets["vm-1"].attributes == {"node": "n1"}
        assert (document.connectors["hypervisor"].backend, document.connectors["vault"].backend) == ("http_api", "mock")
        assert document.connectors["hypervisor"].settings["retry"] == {"max_attempts": 2, "on": ["timeout"]}
        assert (document.safety.max_concurrent, document.safety.target_lock) == (1, True)
        assert document.safety.maintenance_windows[0].end == "23:59"
        assert ["default_mode" in str(warning) for warning in environment.warnings] == [True]

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("id: depot-north", "name: depot-north", "required field 'id' is missing @ E:1 environment"),
            ("members: [vm-1, vm-2]", "members: vm-1", "members are no list: write one"),
            (
                "mode: mock",
                "mode: 5",
                "backend is a name, and enabled true or false @ E:22 environment.connectors['vault']",
            ),
            (
                "secret_ref: hypervisor_key",
                "secret: 4a1f9b2c7d",
                f"{INLINE} @ E:16 /environment/connectors/hypervisor/auth/secret",
            ),
            ('end: "23:59"', 'end: "24:59"', "time '24:59'"),
            ("timezone: UTC", "timezone: Mars/Base", "time zone 'Mars/Base'"),
        ],
        ids=["no_id", "members_that_are_no_list", "backend_that_is_no_name", "inline_secret", "time", "time_zone"],
    )
    def test_a_defect_is_told_with_its_line(self, old: str, new: str, expected: str, tmp_path: Path) -> None:
        """
        INV-120: as in ours.
        """
        assert OLD_ENVIRONMENT.count(old) == 1
        faults = _faults(tmp_path, OLD_ENVIRONMENT.replace(old, new))
        assert any(expected in fault for fault in faults), "\n".join(faults)


class TestLintingAPair:
    """
    "What keeps intents from being run is told before anybody plans one."
    """

    def test_what_is_missing_is_told(self, tmp_path: Path) -> None:
        """
        Connectors on either side, and a policy where something can be changed.
        """
        text = ENVIRONMENT.replace("  service:\n", "  other:\n")
        told = [warning.message for warning in lint_pair(_read(tmp_path, text), read_profile(write(tmp_path / "p")))]
        assert told == [
            "no policy: nobody says who may let ['restart'] change something",
            "no connector 'service': intents whose workflows use it are refused",
            "the profile has no connector 'other'",
        ]

    def test_another_profile_is_refused(self, tmp_path: Path) -> None:
        """
        With the line that names it.
        """
        environment = _read(tmp_path, ENVIRONMENT)
        with pytest.raises(ProfileError) as refused:
            lint_pair(environment, read_profile(write(tmp_path / "p", OLD)))
        assert str(refused.value.faults[0]).endswith("env.yaml:3 profile")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """
    Neither a directory nor nothing is an environment.
    """
    for path in (tmp_path, tmp_path / "gone.yaml"):
        with pytest.raises(ProfileError, match=r"cannot be read|not a plain file"):
            read_environment(path)
