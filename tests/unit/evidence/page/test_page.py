"""The report as a page: what stands on it, and that nothing of a bundle becomes part of its markup."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
import rfc8785
from bundling import MISSION, changed, make_bundle, make_document, make_ended, make_foreign, make_trust
from makers import make_action, make_decision, make_effect_answer, make_gate, make_inputs, make_mission, make_step, run

from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.page.page import build_page
from runtime.evidence.trust import Trust
from runtime.evidence.verify import CHECKS, NOT_PROVEN, verify_bundle
from runtime.orchestration import Answer, ExecutionContext, HumanDecision, execute
from runtime.values import EXPIRED

BUNDLE = make_bundle()
VOID = {"meta"}
HOSTILE = "<script>alert('x')</script><img src=//x onerror=1>\u202e\u200b"


class Page(HTMLParser):
    """
    A page as a browser reads it: its elements, its attributes, its text by line, and whether all is closed.
    """

    def __init__(self, raw: bytes) -> None:
        """
        Read it to the end.
        """
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.lines: list[str] = []
        self.open: list[str] = []
        self.feed(raw.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Note an element.
        """
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        """
        Close the last one.
        """
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """
        Note a text.
        """
        self.lines.append(data)

    @property
    def text(self) -> str:
        """
        All of the text.
        """
        return "\n".join(self.lines)


def page_of(raw: bytes, trust: Trust | None = None) -> Page:
    """
    Build and read the page of a bundle.
    """
    page = Page(build_page(verify_bundle(raw, trust=trust)))
    assert page.open == []
    return page


def bundle_of(*steps: Any, state: dict[str, Any] | None = None, **inputs: Any) -> bytes:
    """
    Bundle a run of some steps.
    """
    ended = execute(make_inputs(*steps, context=ExecutionContext(state or {}), **inputs))
    return Bundle.of(RecordedRun.of(ended)).raw


class TestWhatStandsOnIt:
    """
    "Steps drawn, digests, who decided what, policy reasons, check outcomes, what is not proven."
    """

    def test_every_check_with_who_could_have_lied(self) -> None:
        """
        And its outcome.
        """
        trust = make_trust()
        page = page_of(BUNDLE.raw, trust)
        for result in verify_bundle(BUNDLE.raw, trust=trust).results:
            assert f"{result.check.number}. {result.check.title}" in page.lines
            assert result.finding.detail in page.lines
        assert [f"Who could still have lied: {one.liars}" for one in CHECKS] == [
            line for line in page.lines if line.startswith("Who could")
        ]
        assert page.lines.count("required") == 12
        assert "Holds" in page.lines

    def test_what_is_not_proven_at_the_end(self) -> None:
        """
        Whatever the checks came to.
        """
        for raw in (BUNDLE.raw, b'{"schema":"bundle/v1"}'):
            lines = [line for line in page_of(raw).lines if line.strip()]
            assert lines[-len(NOT_PROVEN) :] == list(NOT_PROVEN)

    def test_who_decided_what(self) -> None:
        """
        With the key, the question, and what was shown.
        """
        document = make_document(BUNDLE)
        text = page_of(BUNDLE.raw).text
        for answer in document["answers"][:2]:
            for decision in answer["decisions"]:
                key = decision["signature"]["key_id"]
                assert f"approve by {decision['actor']}, signed with key {key} (see check 7a): looks right" in text
        assert 'shown: order\n{"amount":5}' in text
        assert "needed\n2 persons who choose the same" in text
        assert "who may decide\ngrace" in text
        assert 'asked for\nread files.copy {"p":[1]}' in text
        assert "outcome\nsucceeded null" in text

    def test_reasons_of_a_policy(self) -> None:
        """
        The rule, its clause and what it saw.
        """
        text = page_of(BUNDLE.raw).text
        assert "verdict\nallow, by rule r of p 1.0.0: " in text
        assert "rule r\namount > 1 holds: /amount is 5" in text
        assert "runtime step, decide: \ncompleted" in text

    def test_digests_and_inputs(self) -> None:
        """
        Those of the bundle, of the trust file, and of every part that the header names.
        """
        document, trust = make_document(BUNDLE), make_trust()
        page = page_of(BUNDLE.raw, trust)
        wanted = [BUNDLE.digest, trust.digest, document["receipt"]["lineage_head"]]
        wanted += [value for name, value in document["header"].items() if name.endswith("_digest") and value]
        assert {*wanted} <= {*page.lines}
        assert '{"n":1,"order":{"amount":5}}' in page.lines
        assert '{"ticket":"T-1"}' in page.lines
        assert "none was given" in page_of(BUNDLE.raw).lines

    def test_a_long_input_is_cut(self) -> None:
        """
        The whole of it stands in the bundle.
        """
        raw = bundle_of(make_step(), state={"text": "x" * 5000})
        [shown] = [line for line in page_of(raw).lines if line.startswith('{"text"')]
        assert (len(shown), shown[-1]) == (4000, "…")

    def test_a_run_that_failed(self) -> None:
        """
        The step, the code and the reason; a run without a mission goes by the name of its workflow.
        """
        text = page_of(bundle_of(make_step("f", "check", expression="a > 1", message="Too few"), state={"a": 1})).text
        assert "wf-test" in text
        assert "failed (check_failed)" in text
        assert "condition\na > 1 does not hold: /a is 1" in text
        assert "why\n" in text

    def test_a_run_that_was_denied(self) -> None:
        """
        Who rejected it, and that nobody signed.
        """
        ended = run({}, make_gate(description="Look first"), answers=[make_decision(choice="reject", reason="")])
        text = page_of(Bundle.of(RecordedRun.of(ended)).raw).text
        assert "human step: \ndenied (gate_rejected)" in text
        assert "decided\nreject by ada, not signed\n" in text
        assert "Look first" in text

    def test_what_nobody_decided(self) -> None:
        """
        Nobody is named.
        """
        expired = Answer(step_id="gate", decision=HumanDecision(actor=None, choice=EXPIRED))
        text = page_of(bundle_of(make_gate(expires_after_ms=1000), answers=[expired])).text
        assert "decided\nexpired by nobody, in time" in text

    def test_what_was_filled_in_and_who_may_not_decide(self) -> None:
        """
        As it was given.
        """
        gate = make_gate(input_schema={"type": "object"}, not_by="/by")
        text = page_of(bundle_of(gate, state={"by": "grace"}, answers=[make_decision(input={"n": 1})])).text
        assert 'filled in\n{"n":1}' in text
        assert "who may not\ngrace" in text

    def test_an_effect_that_failed(self) -> None:
        """
        With its code.
        """
        text = page_of(bundle_of(make_action(), answers=[make_effect_answer(status="failed")])).text
        assert "outcome\nfailed (no_answer) null" in text

    def test_a_verdict_that_no_rule_gave(self) -> None:
        """
        What came closest is told.
        """
        mission = make_mission(*MISSION({}).steps[:1], policies=MISSION.policies)
        raw = Bundle.of(make_ended(mission, state={"order": {"amount": 0}})).raw
        text = page_of(raw).text
        assert "verdict\ndeny, by no rule of p 1.0.0: " in text
        assert "rule r\namount > 1 does not hold: /amount is 0" in text

    def test_skipped_steps(self) -> None:
        """
        They are drawn as what they are.
        """
        raw = build_page(verify_bundle(bundle_of(make_step("a"), make_step("b", when="flagged")))).decode()
        assert '<li class="done-step" id="step-1">' in raw
        assert '<li class="idle-step" id="step-2">' in raw
        assert (
            '<li class="bad-step"' in build_page(verify_bundle(bundle_of(make_step("a", "fail", reason="x")))).decode()
        )


class TestABundleThatDoesNotHold:
    """
    The page shows what there is, and does not lend the words of the re-execution to what it did not give again.
    """

    def test_says_which_checks_are_missed(self) -> None:
        """
        By number.
        """
        page = page_of(BUNDLE.raw + b"\n")
        assert "DOES NOT HOLD" in page.lines
        assert "Of the required checks these are not re-checked: 2." in page.lines

    def test_of_a_forged_entry_gives_no_reasons(self) -> None:
        """
        Only what the bundle says of it.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["lineage"][0].update(verdict_digest=None))
        text = page_of(raw).text
        assert "\nverdict\n" not in text
        assert text.count("No re-execution gave this entry again: this is only what the bundle says.") == 1
        assert "No re-execution" not in page_of(BUNDLE.raw).text

    def test_of_more_and_of_fewer_entries_than_there_are(self) -> None:
        """
        Each is drawn.
        """
        document = make_document(Bundle.of(RecordedRun.of(run({}, make_step("a"), make_step("b")))))
        entries: list[Any] = document["lineage"]
        for lineage in (entries * 2, entries[:1], entries[:0]):
            raw = rfc8785.dumps({**document, "lineage": lineage})
            assert build_page(verify_bundle(raw)).count(b"<li class=") == len(lineage)

    @pytest.mark.parametrize("name", [name for name in make_document() if name != "schema"])
    def test_with_a_part_that_cannot_be_read(self, name: str) -> None:
        """
        There is a page all the same.
        """
        page = page_of(changed(make_document(BUNDLE), lambda it: it.update({name: 1})))
        assert "DOES NOT HOLD" in page.lines
        assert ("A run that cannot be read" in page.lines) == (name in ("header", "receipt"))
        assert ("The lineage cannot be read." in page.lines) == (name == "lineage")

    def test_of_another_engine(self) -> None:
        """
        Nothing is executed, and that is said.
        """
        assert "No re-execution gave this entry again" in page_of(rfc8785.dumps(make_foreign())).text


def _replace(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _replace(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_replace(member) for member in value]
    return HOSTILE if value in ("looks right", "Go on?", "ada", "T-1", "made") else value


HOSTILE_WAYS: dict[str, Callable[[], bytes]] = {
    "every text of a forged bundle": lambda: rfc8785.dumps(_replace(make_document(BUNDLE))),
    "the state of a run": lambda: bundle_of(make_step("s", "set", path="/x", value=HOSTILE), state={HOSTILE: HOSTILE}),
    "names and reasons": lambda: bundle_of(
        make_gate(prompt=HOSTILE, description=HOSTILE, choices=["approve", HOSTILE]),
        answers=[make_decision(actor=HOSTILE, choice=HOSTILE, reason=HOSTILE)],
    ),
    "a step": lambda: bundle_of(make_step(HOSTILE, "fail", reason=HOSTILE)),
    "a member that is none": lambda: rfc8785.dumps({**make_document(BUNDLE), HOSTILE: 1}),
}


@pytest.mark.parametrize("case", HOSTILE_WAYS)
def test_nothing_of_a_bundle_becomes_markup(case: str) -> None:
    """
    It is read as the text it is, with what cannot be seen made visible.
    """
    raw = HOSTILE_WAYS[case]()
    plain = page_of(BUNDLE.raw)
    page = page_of(raw)
    assert page.elements <= plain.elements
    assert page.attributes <= plain.attributes
    assert "<script>alert" in page.text
    assert "\\u{202e}\\u{200b}" in page.text
    assert not {"\u202e", "\u200b"} & {*page.text}


def test_equal_reports_give_equal_pages() -> None:
    """
    No time, no machine, no random value.
    """
    assert build_page(verify_bundle(BUNDLE.raw)) == build_page(verify_bundle(bytes(bytearray(BUNDLE.raw))))
