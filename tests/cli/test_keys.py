"""`mission keys`: what people read, what machines read, and the exit status."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from command_line import Mission, Shown
from signers import make_key
from syrupy.assertion import SnapshotAssertion

import runtime.signing.directory as module
from runtime.signing import SIGNING_KEY_VARIABLE, read_private_key
from runtime.values.keys import PublicKey
from runtime.values.revocations import Revocation


@pytest.fixture(autouse=True)
def _same_keys_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Draw the random bytes from a count, so that what is shown can be compared.
    """
    drawn: list[bytes] = []

    def draw(size: int) -> bytes:
        drawn.append(hashlib.sha256(b"drawn %d" % len(drawn)).digest())
        return drawn[-1][:size]

    monkeypatch.setattr(module.secrets, "token_bytes", draw)  # type: ignore[attr-defined]  # what the module calls.
    monkeypatch.delenv(SIGNING_KEY_VARIABLE, raising=False)


def _document(shown: Shown) -> Any:
    assert shown.err == ""
    return json.loads(shown.out)


def _text(shown: Shown) -> str:
    return f"exit {shown.status}\n{shown.err}{shown.out}"


class TestNew:
    """
    "`keys new NAME`, keys under ROOT/keys/"
    """

    def test_makes_a_key_and_says_how_to_use_it(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        In a pipe the key id alone is on stdout.
        """
        shown = mission("keys", "new", "operator")
        assert shown.status == 0
        assert _text(shown) == snapshot
        private = Path(".mission/keys/operator.pem")
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert shown.out.strip() == read_private_key(private).public.key_id

    def test_as_json(self, mission: Mission) -> None:
        """
        Name, id and files; nothing secret.
        """
        document = _document(mission("--root", "here", "keys", "new", "operator", "--json"))
        public = read_private_key(Path("here/keys/operator.pem")).public
        assert document == {
            "name": "operator",
            "key_id": public.key_id,
            "private_file": "here/keys/operator.pem",
            "public_file": "here/keys/operator.pub",
        }

    def test_writes_nothing_over(self, mission: Mission) -> None:
        """
        A second key of the name is refused with status 4, and the first one stays.
        """
        mission("keys", "new", "operator")
        before = Path(".mission/keys/operator.pem").read_bytes()
        shown = mission("keys", "new", "operator")
        assert shown.status == 4
        assert "a key 'operator' is here" in shown.err
        assert Path(".mission/keys/operator.pem").read_bytes() == before

    @pytest.mark.parametrize("name", ["Operator", "a/b", "..", ""])
    def test_of_an_odd_name_is_refused(self, mission: Mission, name: str) -> None:
        """
        With status 2, and nothing is made.
        """
        shown = mission("keys", "new", name)
        assert shown.status == 2
        assert "key name" in shown.err
        assert not Path(".mission").exists()

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_in_a_root_that_cannot_be_written(self, mission: Mission) -> None:
        """
        Status 5.
        """
        Path("closed").mkdir(mode=0o500)
        assert mission("--root", "closed", "keys", "new", "operator").status == 5


class TestList:
    """
    "`keys list` with ids and whether revoked"
    """

    def test_without_keys_says_how_to_make_one(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Status 0, and no directory is made.
        """
        shown = mission("keys", "list")
        assert _text(shown) == snapshot
        assert _document(mission("keys", "list", "--json")) == {"keys": []}
        assert not Path(".mission").exists()

    def test_says_what_each_key_is_good_for(
        self, mission: Mission, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        The one that signs, one that can, somebody else's, and two that are revoked.
        """
        for name in ("operator", "spare", "late", "lost"):
            mission("keys", "new", name)
        Path(".mission/keys/ada.pub").write_text(make_key().public.openssh)
        mission("keys", "revoke", "late", "--from", "12")
        mission("keys", "revoke", "lost")
        monkeypatch.setenv(SIGNING_KEY_VARIABLE, "operator")
        assert _text(mission("keys", "list")) == snapshot
        listed = _document(mission("keys", "list", "--json"))["keys"]
        assert [sorted(one) for one in listed] == [["has_private", "key_id", "name", "revoked_from", "signs"]] * 5
        told = [(one["name"], one["has_private"], one["signs"], one["revoked_from"]) for one in listed]
        assert told == [
            ("ada", False, False, None),
            ("late", True, False, 12),
            ("lost", True, False, 0),
            ("operator", True, True, None),
            ("spare", True, False, None),
        ]
        for name in ("ada", "late"):
            monkeypatch.setenv(SIGNING_KEY_VARIABLE, name)
            assert not any(one["signs"] for one in _document(mission("keys", "list", "--json"))["keys"])

    def test_names_a_file_that_is_damaged(self, mission: Mission) -> None:
        """
        Status 2.
        """
        mission("keys", "new", "operator")
        Path(".mission/keys/operator.pub").write_text("x")
        shown = mission("keys", "list")
        assert shown.status == 2
        assert "operator.pub" in shown.err


class TestPublic:
    """
    "`keys public NAME` prints PEM (and `--ssh` the OpenSSH line)"
    """

    def test_is_pem_on_stdout_alone(self, mission: Mission) -> None:
        """
        So it can go straight into a file.
        """
        key_id = mission("keys", "new", "operator").out.strip()
        shown = mission("keys", "public", "operator")
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == PublicKey.from_text(shown.out).pem
        assert PublicKey.from_text(shown.out).key_id == key_id

    def test_is_a_line_of_openssh_when_asked(self, mission: Mission) -> None:
        """
        With the name for a comment.
        """
        key_id = mission("keys", "new", "operator").out.strip()
        shown = mission("keys", "public", "operator", "--ssh")
        assert shown.out.startswith("ssh-ed25519 ")
        assert shown.out.endswith(" operator\n")
        assert PublicKey.from_text(shown.out).key_id == key_id

    def test_as_json_holds_both(self, mission: Mission) -> None:
        """
        And what the list says.
        """
        mission("keys", "new", "operator")
        document = _document(mission("keys", "public", "operator", "--json"))
        key = PublicKey.from_text(document["pem"])
        assert document == {
            "name": "operator",
            "key_id": key.key_id,
            "has_private": True,
            "signs": False,
            "revoked_from": None,
            "pem": key.pem,
            "openssh": f"{key.openssh} operator",
        }

    def test_of_an_unknown_key_is_refused(self, mission: Mission) -> None:
        """
        Status 2, with the known names.
        """
        mission("keys", "new", "operator")
        shown = mission("keys", "public", "other")
        assert shown.status == 2
        assert "known are ['operator']" in shown.err
        assert _document(mission("keys", "public", "other", "--json"))["error"]["code"] == "unknown_key"


class TestRevoke:
    """
    "`keys revoke NAME --from POSITION`; a second revoke may only move the position to an earlier one"
    """

    def test_writes_the_record_and_says_where(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        From the position that is given, and without one from the beginning.
        """
        key_id = mission("keys", "new", "operator").out.strip()
        path = Path(".mission/keys/operator.revocation.json")
        assert _text(mission("keys", "revoke", "operator", "--from", "7")) == snapshot(name="from 7")
        assert path.read_bytes() == Revocation(key_id=key_id, from_position=7).raw
        assert _text(mission("keys", "revoke", "operator")) == snapshot(name="from 0")
        assert path.read_bytes() == Revocation(key_id=key_id, from_position=0).raw

    def test_to_a_later_position_is_refused(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Status 4, and the record stays.
        """
        mission("keys", "new", "operator")
        mission("keys", "revoke", "operator", "--from", "7")
        before = Path(".mission/keys/operator.revocation.json").read_bytes()
        assert _text(mission("keys", "revoke", "operator", "--from", "8")) == snapshot
        assert Path(".mission/keys/operator.revocation.json").read_bytes() == before

    def test_as_json(self, mission: Mission) -> None:
        """
        What the list says of the key.
        """
        mission("keys", "new", "operator")
        document = _document(mission("keys", "revoke", "operator", "--from", "7", "--json"))
        assert (document["name"], document["revoked_from"], document["signs"]) == ("operator", 7, False)

    @pytest.mark.parametrize("position", ["-1", "x", "1.5", str(2**53)])
    def test_from_what_is_no_position_is_refused(self, mission: Mission, position: str) -> None:
        """
        Status 2.
        """
        mission("keys", "new", "operator")
        assert mission("keys", "revoke", "operator", f"--from={position}").status == 2
        assert not Path(".mission/keys/operator.revocation.json").exists()

    def test_of_an_unknown_key_is_refused(self, mission: Mission) -> None:
        """
        Status 2, and nothing is made.
        """
        shown = mission("keys", "revoke", "operator")
        assert shown.status == 2
        assert "no key 'operator'" in shown.err
        assert not Path(".mission").exists()
