"""`mission seals`, and `mission run --seal`: what people read, what machines read, and what nobody reads."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, Mission, Shown
from syrupy.assertion import SnapshotAssertion

from runtime.storage import VAULT_KEY_VARIABLE, FileVault
from runtime.values.seals import verify_disclosure

CANARY = "DE89370400440532013000"


@pytest.fixture(autouse=True)
def _same_key_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Seal under a known key, so that what is shown can be compared.
    """
    monkeypatch.setattr(FileVault, "new_key", lambda _: bytes(range(32)))
    monkeypatch.delenv(VAULT_KEY_VARIABLE, raising=False)


@pytest.fixture
def sealed(mission: Mission) -> str:
    """
    The digest of a run whose context is sealed in part.
    """
    Path("context.json").write_text(json.dumps({"customer": {"iban": CANARY, "name": "Ada"}, "note": "n"}))
    shown = mission(
        "run", "echo", "--context", "context.json", "--seal", "/context/customer/iban", "--seal", "/context/note"
    )
    assert shown.status == 0
    assert CANARY not in shown.out + shown.err
    return shown.out.strip()


@pytest.fixture
def waiting(mission: Mission) -> str:
    """
    The digest of a checkpoint that waits for an approval, with a sealed value in its state.
    """
    context = {**json.loads((EXAMPLE / "context.json").read_text()), "owner": CANARY}
    Path("context.json").write_text(json.dumps(context))
    words = ["--context", "context.json", "--params", f"@{EXAMPLE / 'params.json'}", "--seal", "/context/owner"]
    shown = mission("run", "change_request", *words)
    assert shown.status == 3
    assert CANARY not in shown.out + shown.err
    return shown.out.strip()


def _text(shown: Shown) -> str:
    return f"exit {shown.status}\n{shown.err}{shown.out}"


def _error(shown: Shown, status: int, code: str) -> dict[str, Any]:
    assert shown.status == status
    error: dict[str, Any] = json.loads(shown.out)["error"]
    assert error["code"] == code
    return error


def _seal_of(mission: Mission, run: str, place: str) -> str:
    document = json.loads(mission("seals", "list", run, "--json").out)
    [seal] = [one["seal"] for one in document["seals"] if any(place in where for where in one["places"])]
    return str(seal)


class TestList:
    """
    "seals list RUN"
    """

    def test_shows_seals_and_places(self, mission: Mission, sealed: str, snapshot: SnapshotAssertion) -> None:
        """
        And whether they can be opened here.
        """
        assert _text(mission("seals", "list", sealed[:19])) == snapshot

    def test_of_a_checkpoint_works_as_well(self, mission: Mission, waiting: str) -> None:
        """
        A run that waits is sealed already.
        """
        assert "/context/initial_state/owner" in mission("seals", "list", waiting).out

    def test_of_a_run_without_seals_says_so(self, mission: Mission) -> None:
        """
        There is no vault, and none is made.
        """
        run = mission("run", "echo").out.strip()
        assert mission("seals", "list", run).out == "no seals\n"
        assert _error(mission("seals", "erase", run, "abcd", "--yes", "--json"), 2, "unknown_seal")["what"] == (
            "a run without seals"
        )
        assert not Path(".mission/vault").exists()

    def test_of_an_unknown_run_is_refused(self, mission: Mission) -> None:
        """
        With what is known.
        """
        _error(mission("seals", "list", "abcdef", "--json"), 2, "unknown_run")


class TestDisclose:
    """
    "seals disclose RUN SEAL [--out FILE]"
    """

    def test_hands_over_what_opens_the_seal(self, mission: Mission, sealed: str) -> None:
        """
        On stdout, as the record.
        """
        seal = _seal_of(mission, sealed, "iban")
        shown = mission("seals", "disclose", sealed, seal[:12])
        found = verify_disclosure(json.loads(shown.out))
        assert (found.seal, found.path, found.value) == (seal, "/context/customer/iban", CANARY)

    def test_writes_a_file_for_its_owner(self, mission: Mission, sealed: str, snapshot: SnapshotAssertion) -> None:
        """
        And never over another.
        """
        seal = _seal_of(mission, sealed, "iban")
        assert _text(mission("seals", "disclose", sealed, seal, "--out", "d.json")) == snapshot
        assert stat.S_IMODE(Path("d.json").stat().st_mode) == 0o600
        assert CANARY in Path("d.json").read_text()
        _error(mission("seals", "disclose", sealed, seal, "--out", "d.json", "--json"), 2, "usage")
        _error(mission("seals", "disclose", sealed, seal, "--out", "d.json/e.json", "--json"), 5, "storage_error")

    @pytest.mark.parametrize("start", ["abcd", "", "sha256:"])
    def test_of_no_seal_of_the_run_is_refused(self, mission: Mission, sealed: str, start: str) -> None:
        """
        With those it holds.
        """
        error = _error(mission("seals", "disclose", sealed, start, "--json"), 2, "unknown_seal")
        assert "sha256:" in error["remedy"]

    def test_without_the_vault_key_is_refused(self, mission: Mission, sealed: str) -> None:
        """
        It says which file is missing.
        """
        seal = _seal_of(mission, sealed, "iban")
        Path(".mission/vault/key").unlink()
        error = _error(mission("seals", "disclose", sealed, seal, "--json"), 5, "storage_error")
        assert error["where"] == ".mission/vault/key"
        assert VAULT_KEY_VARIABLE in error["remedy"]

    def test_under_another_vault_key_is_refused(
        self, mission: Mission, sealed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        And so is what is no key.
        """
        seal = _seal_of(mission, sealed, "iban")
        monkeypatch.setenv(VAULT_KEY_VARIABLE, "0" * 64)
        _error(mission("seals", "disclose", sealed, seal, "--json"), 2, "integrity_error")
        monkeypatch.setenv(VAULT_KEY_VARIABLE, "hush")
        _error(mission("seals", "disclose", sealed, seal, "--json"), 2, "invalid_key")


class TestErase:
    """
    "seals erase RUN SEAL --yes"
    """

    def test_wants_to_be_meant(self, mission: Mission, sealed: str) -> None:
        """
        Nothing is erased without --yes.
        """
        seal = _seal_of(mission, sealed, "iban")
        _error(mission("seals", "erase", sealed, seal, "--json"), 2, "usage")
        assert CANARY in mission("seals", "disclose", sealed, seal).out

    def test_deletes_for_good_and_the_run_still_holds(
        self, mission: Mission, sealed: str, snapshot: SnapshotAssertion
    ) -> None:
        """
        It replays to the same bytes; what was erased is told, and what cannot be reached.
        """
        seal = _seal_of(mission, sealed, "iban")
        shown = [_text(mission("seals", "erase", sealed, seal, "--yes")) for _ in range(2)]
        assert "\n".join(shown) == snapshot
        _error(mission("seals", "disclose", sealed, seal, "--json"), 2, "unknown_seal")
        assert mission("replay", sealed).status == 0
        listed = mission("seals", "list", sealed).out
        assert f"{seal}  cannot be opened here" in listed
        assert "can be opened" in listed.replace("cannot be opened", "")


class TestCheck:
    """
    "seals check DISCLOSURE"
    """

    @pytest.fixture
    def disclosure(self, mission: Mission, sealed: str) -> dict[str, Any]:
        """
        What opens the sealed IBAN.
        """
        document: dict[str, Any] = json.loads(
            mission("seals", "disclose", sealed, _seal_of(mission, sealed, "iban")).out
        )
        return document

    def test_says_that_it_holds_and_shows_no_value(
        self, mission: Mission, sealed: str, disclosure: dict[str, Any], snapshot: SnapshotAssertion
    ) -> None:
        """
        With a run also that this one holds the seal.
        """
        Path("d.json").write_text(json.dumps(disclosure))
        shown = mission("seals", "check", "d.json")
        assert _text(shown) == snapshot(name="alone")
        assert _text(mission("seals", "check", "d.json", "--run", sealed)) == snapshot(name="of a run")
        other = mission("run", "echo").out.strip()
        _error(mission("seals", "check", "d.json", "--run", other, "--json"), 1, "seal_mismatch")
        assert CANARY not in shown.out

    @pytest.mark.parametrize(
        ("changed", "status", "code"),
        [
            ({"value": "DE"}, 1, "seal_mismatch"),
            ({"path": 5}, 2, "integrity_error"),
            ({"more": 1}, 2, "integrity_error"),
        ],
        ids=str,
    )
    def test_refuses_a_wrong_one(
        self, mission: Mission, disclosure: dict[str, Any], changed: dict[str, Any], status: int, code: str
    ) -> None:
        """
        Without showing what stands in it.
        """
        Path("d.json").write_text(json.dumps({**disclosure, **changed}))
        shown = mission("seals", "check", "d.json", "--json")
        _error(shown, status, code)
        assert CANARY not in shown.out + shown.err


class TestASealedRun:
    """
    "A canary appears in no output, and in no file outside of the vault."
    """

    def test_that_waits_goes_on_sealed(self, mission: Mission, waiting: str) -> None:
        """
        Approved by another process; the seal key is destroyed when it has ended.
        """
        [folder] = [path for path in Path(".mission/vault").iterdir() if path.is_dir()]
        assert (folder / "session").exists()
        outputs = [mission("approve", waiting, "--as", "ada", "--reason", "r", "--json")]
        assert outputs[0].status == 0
        assert not (folder / "session").exists()
        run = json.loads(outputs[0].out)["kept_as"]
        assert json.loads(outputs[0].out)["final_state"]["owner"] == {"$sealed": _seal_of(mission, run, "owner")}
        for words in (["replay"], ["explain"], ["explain", "--json"], ["seals", "list"], ["log", "append"]):
            shown = mission(words[0], *([words[1]] if words[0] in ("seals", "log") else []), run, *words[2:])
            assert shown.status == 0
            outputs.append(shown)
        exported = ["--operator", "o", "--target", "web.example.org"]
        times = ["--started-at", "2026-05-14T20:54:00Z", "--ended-at", "2026-05-14T20:55:00Z"]
        outputs.append(mission("export", "sclite", run, "--out", "bundle", *exported, *times))
        outputs.append(mission("whatif", run))
        outputs.append(mission("compare", run, run))
        assert all(CANARY not in shown.out + shown.err for shown in outputs)
        written = [*Path(".mission").rglob("*"), *Path("bundle").rglob("*")]
        assert all(CANARY.encode() not in path.read_bytes() for path in written if path.is_file())

    def test_that_is_rejected_ends_too(self, mission: Mission, waiting: str) -> None:
        """
        Denied is an end.
        """
        shown = mission("reject", waiting, "--as", "ada", "--reason", "r")
        assert shown.status == 1
        assert list(Path(".mission/vault").rglob("session")) == []

    @pytest.mark.parametrize(
        ("rule", "code"),
        [("/context/nowhere", "seal_refused"), ("/nowhere/x", "invalid_definition"), ("x", "invalid_definition")],
    )
    def test_with_a_rule_that_seals_nothing_is_refused(self, mission: Mission, rule: str, code: str) -> None:
        """
        Nothing is kept.
        """
        _error(mission("run", "echo", "--seal", rule, "--json"), 2, code)
        assert not Path(".mission/runs").exists()

    def test_whose_context_holds_a_seal_is_refused(self, mission: Mission) -> None:
        """
        Also where nothing is to be sealed.
        """
        Path("context.json").write_text('{"a": {"$sealed": "sha256:00"}}')
        error = _error(mission("run", "echo", "--context", "context.json", "--json"), 2, "seal_refused")
        assert error["where"] == "/a"

    def test_params_that_do_not_fit_are_not_shown(self, mission: Mission) -> None:
        """
        An error is an output.
        """
        params = json.dumps({"greeting": [CANARY]})
        Path("context.json").write_text('{"a": 1}')
        words = ["--context", "context.json", "--seal", "/context/a", "--params", params]
        shown = mission("run", "run_tests", *words, "--json")
        _error(shown, 2, "invalid_params")
        assert CANARY not in shown.out + shown.err
