"""`mission log`: append, sign, prove and check, and what is refused."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import Mission, Shown
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from logs import KEY, ORIGIN, OTHER_KEY, VERIFIER

from runtime.evidence.lognote import VerifierKey

_PEM = (Encoding.PEM, PrivateFormat.PKCS8)


def _write_key(name: str, pem: bytes | str) -> str:
    Path(name).write_bytes(pem if isinstance(pem, bytes) else pem.encode())
    Path(name).chmod(0o600)
    return name


def _record(mission: Mission, number: int) -> str:
    """
    Run echo, and give the digest of its receipt.
    """
    return mission("run", "echo", "--params", json.dumps({"number": number})).out.strip()


def _keep(name: str, shown: Shown) -> str:
    assert shown.status == 0, shown.err
    Path(name).write_text(shown.out)
    return name


def _sign(mission: Mission, name: str) -> str:
    return _keep(name, mission("log", "head", "--key", "log.pem", "--origin", ORIGIN))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Where the first test leaves what it made for the others, because making it takes half a second.
    """
    return tmp_path_factory.mktemp("built")


@pytest.fixture
def runs(mission: Mission, built: Path) -> list[str]:
    """
    Four recorded runs, three of them in the log with a head after two and after three, and a key.
    """
    if not (built / "runs.json").exists():
        _write_key("log.pem", KEY.to_pem())
        Path("log.vkey").write_text(f"{VERIFIER}\n")
        names = [_record(mission, number) for number in range(4)]
        for number, name in enumerate(names[:3]):
            assert mission("log", "append", name).out == f"{number}\n"
            if number:
                _sign(mission, f"head{number + 1}.note")
        Path("runs.json").write_text(json.dumps(names))
        shutil.copytree(Path.cwd(), built, dirs_exist_ok=True)
    shutil.copytree(built, Path.cwd(), dirs_exist_ok=True)
    made: list[str] = json.loads(Path("runs.json").read_text())
    return made


class TestTheWholeWay:
    """
    Append, sign, prove, and check with nothing but the files.
    """

    def test_a_receipt_is_proven_to_a_stranger(self, mission: Mission, runs: list[str]) -> None:
        """
        The stranger has the head, the verifier key, the proof and the run, and no root directory.
        """
        run = f".mission/runs/{runs[1][7:]}.json"
        _keep("proof.json", mission("log", "prove", runs[1]))
        Path(run).rename("run.json")
        Path(".mission").rename("gone")
        words = ("--head", "head3.note", "--key", "@log.vkey", "--inclusion", "proof.json", "--receipt", "run.json")
        shown = mission("log", "verify", *words)
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == f"included: receipt {runs[1]}\nat index 1 of 3, log '{ORIGIN}'\n"
        assert not Path(".mission").exists()
        document = json.loads(mission("log", "verify", *words, "--json").out)
        assert document == {
            "included": True,
            "index": 1,
            "size": 3,
            "receipt_digest": runs[1],
            "origin": ORIGIN,
        }

    def test_the_receipt_alone_will_do(self, mission: Mission, runs: list[str]) -> None:
        """
        In canonical form, whose digest is the name of the run.
        """
        raw = Path(f".mission/runs/{runs[0][7:]}.json").read_bytes()
        Path("receipt.json").write_bytes(b'{"' + raw.partition(b'"receipt":{"')[2].partition(b',"schema":"recorded')[0])
        _keep("proof.json", mission("log", "prove", "0"))
        words = ("--head", "head3.note", "--key", str(VERIFIER), "--inclusion", "proof.json", "--receipt")
        assert mission("log", "verify", *words, "receipt.json").status == 0
        Path("receipt.json").write_bytes(Path("receipt.json").read_bytes() + b"\n")
        assert mission("log", "verify", *words, "receipt.json").status == 1

    def test_a_head_is_shown(self, mission: Mission, runs: list[str]) -> None:
        """
        Size and root; signed, the note alone on stdout and the verifier key beside it.
        """
        plain = json.loads(mission("log", "head", "--json").out)
        assert plain["size"] == len(runs) - 1
        assert mission("log", "head").out == f"size 3\nroot {plain['root']}\n"
        signed = mission("log", "head", "--key", "log.pem", "--origin", ORIGIN)
        assert signed.out == Path("head3.note").read_text()
        assert signed.err == f"verifier key {VERIFIER}\n"
        document = json.loads(mission("log", "head", "--key", "log.pem", "--origin", ORIGIN, "--json").out)
        assert document == {"note": signed.out, "verifier_key": str(VERIFIER)}

    def test_a_receipt_is_there_once(self, mission: Mission, runs: list[str]) -> None:
        """
        Appended again it stays where it is.
        """
        again = mission("log", "append", runs[0])
        assert (again.status, again.out) == (0, "0\n")
        assert again.err == f"receipt {runs[0]}\nstands at index 0 of 3\n"
        document = json.loads(mission("log", "append", runs[3], "--json").out)
        assert document == {"index": 3, "size": 4, "receipt_digest": runs[3]}

    def test_a_proof_for_an_earlier_head(self, mission: Mission, runs: list[str]) -> None:
        """
        --size makes the proof that an earlier head needs; the present one does not fit it.
        """
        run = f".mission/runs/{runs[0][7:]}.json"
        _keep("now.json", mission("log", "prove", "0"))
        _keep("then.json", mission("log", "prove", "0", "--size", "2"))
        words = ("--head", "head2.note", "--key", "@log.vkey", "--receipt", run, "--inclusion")
        assert mission("log", "verify", *words, "then.json").status == 0
        refused = mission("log", "verify", *words, "now.json")
        assert refused.status == 1
        assert "ask for the proof at size 2" in refused.err

    def test_a_log_that_grew(self, mission: Mission, runs: list[str]) -> None:
        """
        The record is made from notes or sizes alike, and checked against two notes without the log.
        """
        shown = mission("log", "consistency", "--from", "head2.note", "--to", "head3.note", "--key", "@log.vkey")
        assert shown == mission("log", "consistency", "--from", "2", "--to", "3")
        assert shown == mission("log", "consistency", "--from", "head2.note", "--key", "@log.vkey")
        _keep("grown.json", shown)
        as_json = json.loads(mission("log", "consistency", "--from", "2", "--json").out)
        assert as_json == json.loads(shown.out)
        Path(".mission").rename("gone")
        words = ("--from", "head2.note", "--to", "head3.note", "--key", str(VERIFIER), "--proof", "grown.json")
        checked = mission("log", "consistency", *words)
        assert checked.status == 0
        assert checked.out == f"consistent: the log of size 3 begins with the one of size 2, log '{ORIGIN}'\n"
        document = json.loads(mission("log", "consistency", *words, "--json").out)
        assert document == {"consistent": True, "first_size": 2, "second_size": 3, "origin": ORIGIN}
        assert len(runs) == 4

    def test_a_record_at_a_terminal_ends_its_line(
        self, mission: Mission, runs: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        In a pipe it is the record byte by byte, and nothing more.
        """
        piped = mission("log", "prove", runs[0]).out
        assert not piped.endswith("\n")
        monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
        assert mission("log", "prove", runs[0]).out == f"{piped}\n"


def _rewrite(*statements: str) -> None:
    with closing(sqlite3.connect(".mission/log.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _rebuild(mission: Mission, names: list[str]) -> None:
    Path(".mission/log.db").unlink()
    for name in names:
        assert mission("log", "append", name).status == 0


class TestALogThatWasRewritten:
    """
    INV-65: it fails against any head that someone kept.
    """

    @pytest.mark.parametrize(
        ("order", "words"),
        [
            ([0], "the log was cut"),
            ([0, 1], "the log was cut"),
            ([0, 2, 1], "the log was rewritten"),
            ([0, 1, 3], "the log was rewritten"),
            ([3, 0, 1, 2], "the log was rewritten"),
        ],
        ids=["cut_to_one", "cut", "reordered", "replaced", "one_put_in"],
    )
    def test_against_a_kept_head(self, mission: Mission, runs: list[str], order: list[int], words: str) -> None:
        """
        Whoever rebuilt it kept all hashes in order, and could even sign it anew.
        """
        _rebuild(mission, [runs[number] for number in order])
        shown = mission("log", "consistency", "--from", "head3.note", "--key", "@log.vkey")
        assert (shown.status, shown.out) == (1, "")
        assert words in shown.err

    def test_between_two_heads(self, mission: Mission, runs: list[str]) -> None:
        """
        The later head of a rewritten log does not lead to the earlier one of the first.
        """
        _rebuild(mission, [runs[3], *runs[:2]])
        _sign(mission, "new.note")
        _keep("grown.json", mission("log", "consistency", "--from", "2", "--to", "3"))
        words = ("--from", "head2.note", "--to", "new.note", "--key", "@log.vkey", "--proof", "grown.json")
        shown = mission("log", "consistency", *words)
        assert shown.status == 1
        assert "a proof that does not lead to the root of size 3" in shown.err

    @pytest.mark.parametrize(
        "change",
        [
            "DELETE FROM leaf WHERE position = 1",
            "DELETE FROM leaf WHERE position = 2",
            "UPDATE leaf SET content = x'7b7d' WHERE position = 0",
            "UPDATE peaks SET hashes = x''",
        ],
        ids=["hole", "cut", "replaced", "no_hashes"],
    )
    def test_a_careless_change_is_not_signed(self, mission: Mission, runs: list[str], change: str) -> None:
        """
        The database no longer agrees with itself: nothing is signed or proven.
        """
        _rewrite(change)
        for words in (
            ("head", "--key", "log.pem", "--origin", ORIGIN),
            ("prove", "0"),
            ("consistency", "--from", "1"),
            ("consistency", "--from", "head2.note", "--key", "@log.vkey"),
        ):
            shown = mission("log", *words)
            assert (shown.status, shown.out) in {(5, ""), (1, "")}, words
        assert len(runs) == 4


class TestWhatIsRefused:
    """
    A clear error and a status; nothing is made.
    """

    def test_a_log_that_is_not_there(self, mission: Mission) -> None:
        """
        Reading makes none.
        """
        for words in (("head",), ("prove", "0"), ("consistency", "--from", "1")):
            shown = mission("log", *words)
            assert (shown.status, shown.out) == (5, "")
            assert "there is no log" in shown.err
            assert "where: .mission/log.db" in shown.err
        assert not Path(".mission").exists()

    def test_a_run_that_is_not_there(self, mission: Mission, runs: list[str]) -> None:
        """
        Neither kept nor in the log.
        """
        assert mission("log", "append", "nowhere").status == 2
        assert mission("log", "prove", "nowhere").status == 2
        shown = mission("log", "prove", runs[3])
        assert shown.status == 2
        assert f"receipt {runs[3]} is not in the log" in shown.err

    @pytest.mark.parametrize(
        ("words", "status", "said"),
        [
            (("prove", "3"), 2, "index 3 in a log of size 3"),
            (("prove", "0", "--size", "4"), 2, "size 4 of a log of 3 receipts"),
            (("prove", "0", "--size", "-1"), 2, "size is int -1"),
            (("prove", "0", "--size", "x"), 2, "is not a valid integer"),
            (("prove", "99999999999999999"), 2, "neither a file nor one of the runs"),
            (("consistency", "--from", "0"), 2, "every log begins with the empty one"),
            (("consistency", "--from", "3", "--to", "2"), 2, "sizes 3 and 2"),
            (("consistency", "--from", "head2.note"), 2, "no key"),
            (("consistency", "--from", "nowhere", "--key", "@log.vkey"), 2, "'nowhere' cannot be read"),
            (("consistency", "--from", "2", "--proof", "x"), 2, "two signed heads"),
            (
                ("consistency", "--from", "2", "--to", "head3.note", "--key", "@log.vkey", "--proof", "x"),
                2,
                "two signed",
            ),
            (
                ("consistency", "--from", "head2.note", "--to", "3", "--key", "@log.vkey", "--proof", "x"),
                2,
                "two signed",
            ),
            (("consistency", "--from", "head2.note", "--key", "@log.vkey", "--proof", "x"), 2, "two signed heads"),
            (("head", "--key", "log.pem"), 2, "give both to sign"),
            (("head", "--origin", ORIGIN), 2, "give both to sign"),
            (("head", "--key", "log.pem", "--origin", "a b"), 2, "key name 'a b'"),
            (("head", "--key", "log.pem", "--origin", ""), 2, "key name ''"),
            (("head", "--key", "nowhere", "--origin", ORIGIN), 5, "cannot read: No such file"),
            (("head", "--key", "log.vkey", "--origin", ORIGIN), 2, "where: log.vkey"),
            (("head", "--key", "locked.pem", "--origin", ORIGIN), 2, "behind a pass phrase"),
            (("head", "--key", "curve.pem", "--origin", ORIGIN), 2, "a key of kind EC"),
        ],
    )
    def test_words_that_cannot_be_used(
        self, mission: Mission, runs: list[str], words: tuple[str, ...], status: int, said: str
    ) -> None:
        """
        The message says why; no content of a key is shown.
        """
        locked = load_pem_private_key(KEY.to_pem().encode(), None)
        _write_key("locked.pem", locked.private_bytes(*_PEM, BestAvailableEncryption(b"secret")))
        _write_key("curve.pem", generate_private_key(SECP256R1()).private_bytes(*_PEM, NoEncryption()))
        Path("log.vkey").chmod(0o600)
        shown = mission("log", *words)
        assert (shown.status, shown.out) == (status, "")
        assert said in shown.err
        assert "PRIVATE KEY" not in shown.err
        assert len(runs) == 4

    @pytest.mark.parametrize(
        ("change", "status", "said"),
        [
            ({"--key": None}, 2, "no key"),
            ({"--key": "x"}, 2, "verifier key 'x'"),
            ({"--key": "@nowhere"}, 2, "--key 'nowhere' cannot be read"),
            ({"--key": "@log.pem"}, 2, "verifier key"),
            ({"--key": str(VerifierKey.of(ORIGIN, OTHER_KEY))}, 1, "not signed by"),
            ({"--key": str(VerifierKey.of("example.org/other", KEY))}, 1, "not signed by"),
            ({"--head": "nowhere"}, 2, "'nowhere' cannot be read"),
            ({"--head": "proof.json"}, 2, "a note without text"),
            ({"--head": "head2.note"}, 1, "a proof for size 3, and a head of size 2"),
            ({"--inclusion": "nowhere"}, 2, "'nowhere' cannot be read"),
            ({"--inclusion": "head3.note"}, 2, "not JSON"),
            ({"--inclusion": "grown.json"}, 2, "expected log-inclusion/v1"),
            ({"--receipt": "nowhere"}, 2, "'nowhere' cannot be read"),
            ({"--receipt": "head3.note"}, 2, "not JSON"),
            ({"--receipt": "list.json"}, 1, "use the receipt that the proof was made for"),
            ({"--receipt": "other.json"}, 1, "use the receipt that the proof was made for"),
            ({"--receipt": "damaged.json"}, 2, "a fault"),
        ],
    )
    def test_files_that_prove_nothing(
        self, mission: Mission, runs: list[str], change: dict[str, str | None], status: int, said: str
    ) -> None:
        """
        2 where a file cannot be used, 1 where what it says does not hold.
        """
        _keep("proof.json", mission("log", "prove", "0"))
        _keep("grown.json", mission("log", "consistency", "--from", "2"))
        raw = Path(f".mission/runs/{runs[1][7:]}.json").read_bytes()
        Path("other.json").write_bytes(raw)
        Path("damaged.json").write_bytes(raw.replace(b'{"checkpoint":', b'{"another":1,"checkpoint":', 1))
        Path("list.json").write_bytes(b"[]")
        options: dict[str, str | None] = {
            "--head": "head3.note",
            "--key": "@log.vkey",
            "--inclusion": "proof.json",
            "--receipt": f".mission/runs/{runs[0][7:]}.json",
        }
        words = [word for pair in ({**options, **change}).items() if pair[1] is not None for word in pair]
        shown = mission("log", "verify", *map(str, words))
        assert (shown.status, shown.out) == (status, "")
        assert said in shown.err

    @pytest.mark.parametrize(
        ("edit", "status", "said"),
        [
            (lambda record: record.update(first_size=1), 1, "a proof for size 1, and a head of size 2"),
            (lambda record: record["proof"].append("sha256:" + "0" * 64), 1, "more hashes"),
            (lambda record: record["proof"].clear(), 1, "fewer hashes"),
            (lambda record: record.update(schema="x"), 2, "expected log-consistency/v1"),
        ],
    )
    def test_a_proof_of_growth_that_was_changed(
        self, mission: Mission, runs: list[str], edit: Callable[[Any], None], status: int, said: str
    ) -> None:
        """
        It is refused against the two notes.
        """
        record = json.loads(mission("log", "consistency", "--from", "2").out)
        edit(record)
        Path("grown.json").write_text(json.dumps(record, sort_keys=True, separators=(",", ":")))
        words = ("--from", "head2.note", "--to", "head3.note", "--key", "@log.vkey", "--proof", "grown.json")
        shown = mission("log", "consistency", *words)
        assert (shown.status, shown.out) == (status, "")
        assert said in shown.err
        assert len(runs) == 4

    def test_log_alone_shows_its_help(self, mission: Mission) -> None:
        """
        It is no error of the program.
        """
        assert mission("log").status == 2
        assert mission("log", "--help").status == 0
