"""Reports of test runners: what is read of them, and that anything else is refused by name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.connectors.junit import MAX_REPORT_BYTES, MAX_REPORT_CASES, Case, CaseOutcome, Report, parse_junit
from runtime.errors import IntegrityError
from runtime.limits import MAX_DEPTH

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.029"
 timestamp="2026-01-02T03:04:05.678901+00:00" hostname="secret-host">
<testcase classname="tests.test_a" name="test_ok" time="0.001"><system-out>noise &lt;failure/&gt;</system-out></testcase>
<testcase classname="tests.test_a" name="test_bad[&quot;&#228;&quot;]" time="0.001">
<failure message="assert 0">/home/me/tests/test_a.py:3: AssertionError</failure></testcase>
<testcase classname="tests.test_a" name="test_err" time="0"><error message="failed on setup">x</error></testcase>
<testcase classname="tests.test_a" name="test_skip" time="0"><skipped type="pytest.skip" message="no"/></testcase>
</testsuite></testsuites>"""


def make_report(*bodies: str, name: str = "t") -> bytes:
    """
    Make a report of cases that hold these elements.
    """
    cases = "".join(f'<testcase name="{name}">{body}</testcase>' for body in bodies)
    return f"<testsuite>{cases}</testsuite>".encode()


def outcomes_of(raw: bytes) -> list[str]:
    """
    Read how the cases of a report ended.
    """
    return [case.outcome.value for case in parse_junit(raw).cases]


class TestAReport:
    """
    "The cases and how each ended, and nothing else."
    """

    def test_of_pytest_is_read(self) -> None:
        """
        Names, classes and endings are kept; times, hosts, messages and output are not.
        """
        assert parse_junit(PYTEST) == Report(
            cases=(
                Case(name="test_ok", classname="tests.test_a", outcome=CaseOutcome.PASSED),
                Case(name='test_bad["ä"]', classname="tests.test_a", outcome=CaseOutcome.FAILED),
                Case(name="test_err", classname="tests.test_a", outcome=CaseOutcome.ERROR),
                Case(name="test_skip", classname="tests.test_a", outcome=CaseOutcome.SKIPPED),
            )
        )

    def test_is_counted_from_its_cases(self) -> None:
        """
        What the report says of itself is not read.
        """
        raw = PYTEST.replace(b'tests="4"', b'tests="900"').replace(b'failures="1"', b'failures="0"')
        assert parse_junit(raw).counts == {"tests": 4, "passed": 1, "failed": 1, "errors": 1, "skipped": 1}

    def test_without_cases_counts_none(self) -> None:
        """
        An empty suite is a report.
        """
        assert parse_junit(b"<testsuites/>").counts == {"tests": 0, "passed": 0, "failed": 0, "errors": 0, "skipped": 0}

    def test_may_be_a_bare_suite_or_suites_in_suites(self) -> None:
        """
        Runners nest differently.
        """
        case = '<testcase name="a"/>'
        for raw in (
            f"<testsuite>{case}</testsuite>",
            f"<testsuites><testsuite>{case}</testsuite></testsuites>",
            f"<testsuites><testsuite><testsuite>{case}</testsuite></testsuite></testsuites>",
        ):
            assert outcomes_of(raw.encode()) == ["passed"]

    @pytest.mark.parametrize(
        ("body", "outcome"),
        [
            ("", "passed"),
            ("<failure/>", "failed"),
            ("<error/>", "error"),
            ("<skipped/>", "skipped"),
            ("<failure/><error/>", "failed"),
            ("<error/><failure/>", "failed"),
            ("<skipped/><error/>", "error"),
            ("<failure/><skipped/>", "failed"),
            ("<rerun/><flakyFailure/>", "passed"),
            ("<properties><failure/></properties>", "passed"),
            ("<system-out><![CDATA[<!DOCTYPE html><failure/>]]></system-out>", "passed"),
        ],
    )
    def test_says_how_a_case_ended(self, body: str, outcome: str) -> None:
        """
        The worst of its own elements counts, once; what stands deeper is none of them.
        """
        assert outcomes_of(make_report(body)) == [outcome]

    def test_does_not_carry_an_ending_over_to_the_next_case(self) -> None:
        """
        Each case starts as passed.
        """
        assert outcomes_of(make_report("<failure/>", "", "<error/>", "")) == ["failed", "passed", "error", "passed"]

    @pytest.mark.parametrize(
        ("outcomes", "is_red"), [("passed skipped", False), ("passed failed", True), ("error", True), ("", False)]
    )
    def test_is_red_when_a_case_failed_or_had_an_error(self, outcomes: str, is_red: bool) -> None:  # noqa: FBT001
        """
        A skipped case is not red.
        """
        cases = (Case(name="a", classname="", outcome=CaseOutcome(outcome)) for outcome in outcomes.split())
        assert Report(cases=tuple(cases)).is_red is is_red

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "hex", "no-such", "shift_jis"])
    def test_is_utf_8_whatever_it_says(self, encoding: str) -> None:
        """
        A declared encoding does not choose the decoder.
        """
        raw = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + make_report("", name="é")
        assert parse_junit(raw).cases[0].name == "é"


def _nested(depth: int) -> bytes:
    return b"<testsuite>" * depth + b"</testsuite>" * depth


_LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(12))

_REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "malformed XML"),
    "text": (b"all tests passed", "malformed XML"),
    "cut_off": (PYTEST[:-10], "malformed XML"),
    "two_roots": (b"<testsuite/><testsuite/>", "malformed XML"),
    "not_utf_8": (make_report("", name="\u20ac").replace(b"\x82", b"\xff"), "malformed XML"),
    "utf_16": (make_report("").decode().encode("utf-16"), "a report with NUL bytes"),
    "utf_16_without_mark": (make_report("").decode().encode("utf-16-le"), "a report with NUL bytes"),
    "nul": (make_report("\0"), "a report with NUL bytes"),
    "entity_of_nobody": (make_report("&nobody;"), "malformed XML"),
    "attribute_twice": (b'<testsuite a="1" a="2"/>', "malformed XML"),
    "another_document": (b"<html><testsuite/></html>", "a root 'html'"),
    "case_as_root": (b'<testcase name="a"/>', "a root 'testcase'"),
    "case_outside_a_suite": (b'<testsuites><testcase name="a"/></testsuites>', "a test case inside 'testsuites'"),
    "case_in_a_case": (make_report('<testcase name="b"/>'), "a test case inside 'testcase'"),
    "case_in_output": (make_report('<system-out><testcase name="b"/></system-out>'), "a test case inside 'system-out'"),
    "case_without_name": (b'<testsuite><testcase classname="a"/></testsuite>', "a test case without a name"),
    "too_deep": (_nested(MAX_DEPTH + 1), "elements too deep"),
    "too_deep_without_end": (b"<testsuite>" * 100_000, "elements too deep"),
    "too_many_cases": (
        b"<testsuite>" + b'<testcase name=""/>' * (MAX_REPORT_CASES + 1) + b"</testsuite>",
        "too many test cases",
    ),
    "too_long": (b"<testsuite/>".ljust(MAX_REPORT_BYTES + 1), f"a report of {MAX_REPORT_BYTES + 1} bytes"),
    "doctype": (b"<!DOCTYPE testsuite>" + make_report(""), "a document type 'testsuite'"),
    "doctype_with_system_id": (
        b'<!DOCTYPE testsuite SYSTEM "file:///etc/passwd">' + make_report(""),
        "a document type 'testsuite'",
    ),
    "external_entity": (
        b'<!DOCTYPE testsuite [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + make_report("&x;"),
        "a document type 'testsuite'",
    ),
    "billion_laughs": (
        f"<!DOCTYPE testsuite [{_LAUGHS}]>".encode() + make_report("&l11;"),
        "a document type 'testsuite'",
    ),
    "doctype_behind_a_long_comment": (
        b"<!--" + b"-x" * 100_000 + b"--><!DOCTYPE testsuite>" + make_report(""),
        "a document type 'testsuite'",
    ),
}


class TestWhatIsNoReport:
    """
    "Refused, never cut."
    """

    @pytest.mark.parametrize("name", sorted(_REFUSED))
    def test_is_refused(self, name: str) -> None:
        """
        The error says what is wrong, where, and what was expected.
        """
        raw, what = _REFUSED[name]
        with pytest.raises(IntegrityError) as caught:
            parse_junit(raw)
        assert caught.value.what.startswith(what)
        assert caught.value.where
        assert caught.value.remedy

    @pytest.mark.slow
    def test_begins_just_beyond_the_bounds(self) -> None:
        """
        What reaches a bound is read.
        """
        assert parse_junit(_nested(MAX_DEPTH)).cases == ()
        raw = b"<testsuite>" + b'<testcase name=""/>' * MAX_REPORT_CASES + b"</testsuite>"
        assert parse_junit(raw).counts["tests"] == MAX_REPORT_CASES
        assert parse_junit(b"<testsuite/>".ljust(MAX_REPORT_BYTES)).cases == ()


_fragments = st.sampled_from(
    [
        b"<testcase name='x'/>",
        b"</testcase>",
        b"<testsuite>",
        b"<failure/>",
        b"<!DOCTYPE testsuite [",
        b'<!ENTITY a "b">',
        b"]>",
        b"&a;",
        b"&#0;",
        b"&#xD800;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?xml version='1.1'?>",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\0",
        b'"',
        b"<",
        b">",
    ]
)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    raw = PYTEST
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 40)))
        raw = raw[:start] + draw(st.just(b"") | _fragments | st.binary(max_size=6)) + raw[end:]
    return raw


class TestNothingElseLeaves:
    """
    "A report is foreign text": whatever it holds, a report comes out, or the named error.
    """

    @given(raw=st.binary(max_size=200) | st.lists(_fragments, max_size=12).map(b"".join) | _mutated())
    def test_than_a_report_or_the_named_error(self, raw: bytes) -> None:
        """
        Arbitrary bytes, heaps of markup, and a report with parts cut out, put in or replaced.
        """
        try:
            report = parse_junit(raw)
        except IntegrityError as error:
            refusal: Any = error
            assert type(refusal) is IntegrityError
        else:
            counts = report.counts
            assert counts["tests"] == len(report.cases)
            assert sum(counts.values()) == 2 * len(report.cases)
