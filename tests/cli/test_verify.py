"""`mission verify`: the report on a bundle, and its exit status."""

import json
from pathlib import Path

import pytest
import rfc8785
from bundling import MISSION, changed, make_bundle, make_document, make_ended, sign_as, write_trust
from command_line import Mission
from makers import make_decision, make_gate, make_mission, make_step, run
from syrupy.assertion import SnapshotAssertion

from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.verify import NOT_PROVEN, verify_bundle

BUNDLE = make_bundle()


def write(name: str, raw: bytes) -> str:
    """
    Write a file, and give its name.
    """
    Path(name).write_bytes(raw)
    return name


def keep_trust() -> str:
    """
    Write a trust file that names everybody and everything of the bundle.
    """
    return write("trust.json", json.dumps(write_trust(make_document(BUNDLE)), indent=2).encode())


class TestTheReport:
    """
    One line a check, whether it holds, and what is not proven.
    """

    def test_without_trust(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        It holds by itself, and what rests on a key is asserted.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw))
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_with_trust(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Signatures, quorum and log are re-checked.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--trust", keep_trust())
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_a_denied_run(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        The evidence is whole, whatever it is evidence of.
        """
        ended = RecordedRun.of(run({}, make_gate(), answers=[make_decision(choice="reject")]))
        shown = mission("verify", write("run.bundle", Bundle.of(ended).raw))
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_a_failed_run(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        The same.
        """
        ended = make_ended(make_mission(make_step("a", "fail", reason="no")))
        shown = mission("verify", write("run.bundle", Bundle.of(ended).raw))
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_a_forged_decision(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        The engine cannot tell, and the keys of the approvers do.
        """
        forged = make_ended(MISSION, lambda it: [sign_as(it, name, key="eve") for name in _names(it.step_id)])
        shown = mission("verify", write("run.bundle", make_bundle(forged).raw), "--trust", keep_trust())
        assert (shown.status, shown.err) == (1, "")
        assert shown.out == snapshot

    def test_of_a_damaged_bundle(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Every check is told, and none hides another.
        """
        raw = changed(make_document(BUNDLE), lambda it: it.update(receipt=None, lineage=[], note="\u202e\u200b"))
        shown = mission("verify", write("run.bundle", raw))
        assert (shown.status, shown.err) == (1, "")
        assert shown.out == snapshot

    def test_shows_what_cannot_be_seen(self, mission: Mission) -> None:
        """
        Names in a bundle are of somebody else.
        """
        document = make_document(BUNDLE)
        document["header"]["mission"] = "made\u202e\x1b[2J"
        shown = mission("verify", write("run.bundle", rfc8785.dumps(document)))
        assert "made\\u{202e}\\u{1b}[2J" in shown.out
        assert not {"\u202e", "\x1b"} & {*shown.out}

    def test_json(self, mission: Mission) -> None:
        """
        The report as one document, with who could have lied; the status is the same.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--json")
        document = json.loads(shown.out)
        assert shown.status == 0
        assert document == verify_bundle(BUNDLE.raw).to_dict()
        assert document["not_proven"] == list(NOT_PROVEN)
        broken = write("broken.bundle", BUNDLE.raw + b"\n")
        shown = mission("verify", broken, "--json")
        assert (shown.status, json.loads(shown.out)["holds"]) == (1, False)


class TestThePage:
    """
    `--html` writes the report as one page.
    """

    def test_stands_beside_the_report(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        The status and the text are what they are without it.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--trust", keep_trust(), "--html", "report.html")
        assert (shown.status, shown.err) == (0, "")
        assert shown.out.startswith("bundle  sha256:")
        body = Path("report.html").read_text().split("<body>")[1]
        assert body.replace("><", ">\n<") == snapshot

    def test_is_written_of_a_bundle_that_does_not_hold(self, mission: Mission) -> None:
        """
        That is the one somebody wants to show.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw + b"\n"), "--html", "report.html")
        assert shown.status == 1
        assert "DOES NOT HOLD" in Path("report.html").read_text()

    def test_is_written_over_no_file(self, mission: Mission) -> None:
        """
        And of no bundle there is none.
        """
        Path("report.html").write_text("kept")
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--html", "report.html")
        assert (shown.status, shown.out) == (2, "")
        assert Path("report.html").read_text() == "kept"
        assert mission("verify", write("run.bundle", b"{}"), "--html", "other.html").status == 2
        assert not Path("other.html").exists()


def _names(step_id: str) -> list[str]:
    return ["ada", "bob"] if step_id == "vote" else ["grace"]


class TestWhatIsRequired:
    """
    `--require` takes the place of what is required by default.
    """

    @pytest.mark.parametrize(("words", "status"), [("1,2", 0), ("1, 10", 0), ("5b", 1), ("1,7b", 1), ("6", 1)])
    def test_is_chosen(self, mission: Mission, words: str, status: int) -> None:
        """
        Asserted and no information are not enough.
        """
        assert mission("verify", write("run.bundle", BUNDLE.raw), "--require", words).status == status

    @pytest.mark.parametrize("words", ["", "13", "1,,2", "7"])
    def test_must_exist(self, mission: Mission, words: str) -> None:
        """
        A check that is not there would pass unseen.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--require", words)
        assert (shown.status, shown.out) == (2, "")
        assert "checks are 1, 2, 3, 4, 5, 5b" in shown.err


class TestUnusableInput:
    """
    Status 2: there is nothing to report on.
    """

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"schema":"recorded-run/v1"}'])
    def test_no_bundle(self, mission: Mission, raw: bytes) -> None:
        """
        What it is instead is told.
        """
        shown = mission("verify", write("run.bundle", raw))
        assert (shown.status, shown.out) == (2, "")
        assert "run.bundle" in shown.err

    def test_no_file(self, mission: Mission) -> None:
        """
        Neither a bundle nor a trust file.
        """
        assert mission("verify", "run.bundle").status == 2
        write("run.bundle", BUNDLE.raw)
        shown = mission("verify", "run.bundle", "--trust", "trust.json")
        assert shown.status == 2
        assert "--trust 'trust.json' cannot be read" in shown.err

    @pytest.mark.parametrize(
        "raw", [b"", b"{}", b'{"schema":"trust/v1"}', b'{"schema":"trust/v1","operator_keys":["x"]}']
    )
    def test_no_trust_file(self, mission: Mission, raw: bytes) -> None:
        """
        Rather no report than one that names a file which says nothing.
        """
        shown = mission("verify", write("run.bundle", BUNDLE.raw), "--trust", write("trust.json", raw))
        assert (shown.status, shown.out) == (2, "")
        assert "trust.json" in shown.err
