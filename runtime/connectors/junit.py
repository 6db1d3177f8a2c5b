"""Reads a JUnit XML report: the cases and how each ended, and nothing else of it.

Rules, referred to by number below:

1. A report is foreign text. A document type, an entity of its own, depth, size or number of cases beyond the bounds:
   refused, never cut.
2. Counts are counted here, from the cases; the totals a report states about itself are not read.
3. Times, host names, messages and paths are left behind, so that equal endings give equal values.

The parser is expat itself, told that the bytes are UTF-8 whatever they say of themselves: a declared encoding would make
the codecs of Python a part of it.
"""

from collections import Counter
from enum import StrEnum
from typing import Final, NoReturn, final
from xml.parsers import expat

import attrs

from runtime.errors import IntegrityError, shown
from runtime.limits import MAX_DEPTH

__all__ = ["MAX_REPORT_BYTES", "MAX_REPORT_CASES", "RED", "Case", "CaseOutcome", "Report", "parse_junit"]

MAX_REPORT_BYTES: Final = 16 * 1024 * 1024
"""Bytes of one report."""
MAX_REPORT_CASES: Final = 100_000
"""Cases of one report."""

_CHUNK_BYTES: Final = 65_536
_SUITES: Final = ("testsuites", "testsuite")


class CaseOutcome(StrEnum):
    """
    How a case ended.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


_ENDINGS: Final = {"failure": CaseOutcome.FAILED, "error": CaseOutcome.ERROR, "skipped": CaseOutcome.SKIPPED}
_WORST_FIRST: Final = (CaseOutcome.FAILED, CaseOutcome.ERROR, CaseOutcome.SKIPPED, CaseOutcome.PASSED)
RED: Final = frozenset({CaseOutcome.FAILED, CaseOutcome.ERROR})
"""The ways to end that make a suite fail."""


@final
@attrs.frozen(kw_only=True)
class Case:
    """
    One test and how it ended.
    """

    name: str
    classname: str
    outcome: CaseOutcome


@final
@attrs.frozen(kw_only=True)
class Report:
    """
    The cases of a report, in its order.
    """

    cases: tuple[Case, ...]

    @property
    def counts(self) -> dict[str, int]:
        """
        Count the cases by how they ended.
        """
        ended = Counter(case.outcome for case in self.cases)
        return {
            "tests": len(self.cases),
            "passed": ended[CaseOutcome.PASSED],
            "failed": ended[CaseOutcome.FAILED],
            "errors": ended[CaseOutcome.ERROR],
            "skipped": ended[CaseOutcome.SKIPPED],
        }

    @property
    def is_red(self) -> bool:
        """
        Tell whether a case failed or had an error.
        """
        return any(case.outcome in RED for case in self.cases)


def parse_junit(raw: bytes) -> Report:
    """
    Read a report whose root is `testsuites` or a bare `testsuite`.

    A case that failed and had an error besides counts once, as failed.

    Raises:
        IntegrityError: it is malformed, no JUnit report, or beyond the bounds.
    """
    if len(raw) > MAX_REPORT_BYTES:
        _refuse(f"a report of {len(raw)} bytes", remedy=f"the limit is {MAX_REPORT_BYTES} bytes")
    if b"\0" in raw:  # Expat would detect UTF-16 by itself, and pass on what is no text.
        _refuse("a report with NUL bytes", remedy="expected UTF-8")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    try:
        # After a handler raised, expat reads on to the end of what it was given; so it is given little at a time.
        for start in range(0, len(raw), _CHUNK_BYTES):
            parser.Parse(raw[start : start + _CHUNK_BYTES])
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        _refuse(f"malformed XML ({expat.ErrorString(error.code)})", where=f"line {error.lineno}")
    return Report(cases=tuple(reader.cases))


def _refuse(
    what: str, *, where: str = "report", remedy: str = "expected JUnit XML as a test runner writes it"
) -> NoReturn:
    raise IntegrityError(what, where=where, remedy=remedy)


@final
@attrs.define
class _Reader:
    """
    Follows the elements of a report, and keeps the cases.
    """

    cases: list[Case] = attrs.field(factory=list)
    path: list[str] = attrs.field(factory=list)
    open_case: Case | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """
        Enter an element.
        """
        parent = self.path[-1] if self.path else None
        if len(self.path) >= MAX_DEPTH:  # (1)
            _refuse("elements too deep", remedy=f"the limit is {MAX_DEPTH}")
        if parent is None and tag not in _SUITES:
            _refuse(f"a root {shown(tag)}")
        if tag == "testcase":
            self._open(parent, attributes)
        elif parent == "testcase" and self.open_case is not None and tag in _ENDINGS:
            outcome = min(self.open_case.outcome, _ENDINGS[tag], key=_WORST_FIRST.index)
            self.open_case = attrs.evolve(self.open_case, outcome=outcome)
        self.path.append(tag)

    def end(self, tag: str) -> None:
        """
        Leave an element.
        """
        self.path.pop()
        if tag == "testcase" and self.open_case is not None:
            self.cases.append(self.open_case)
            self.open_case = None

    def refuse_doctype(self, name: str, *_: object) -> NoReturn:
        """
        Refuse a document type; entities can be declared nowhere else (1).
        """
        _refuse(f"a document type {shown(name)}")

    def _open(self, parent: str | None, attributes: dict[str, str]) -> None:
        if parent != "testsuite":
            _refuse(f"a test case inside {shown(parent)}")
        if len(self.cases) >= MAX_REPORT_CASES:  # (1)
            _refuse("too many test cases", remedy=f"the limit is {MAX_REPORT_CASES}")
        if "name" not in attributes:
            _refuse("a test case without a name")
        self.open_case = Case(
            name=attributes["name"], classname=attributes.get("classname", ""), outcome=CaseOutcome.PASSED
        )
