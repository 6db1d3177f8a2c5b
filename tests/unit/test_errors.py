"""How errors read."""

import pytest

from runtime.errors import AntiFailureViolation, DefinitionError, Fault, shown
from runtime.limits import MAX_FAULTS


class _Hostile:
    """
    An object whose repr raises.
    """

    def __repr__(self) -> str:
        """
        Raise.
        """
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [("it's", '"it\'s"'), ("x" * 100, "'" + "x" * 78 + "…"), (_Hostile(), "<_Hostile>"), (None, "None")],
    ids=["quoted", "cut", "hostile", "none"],
)
def test_foreign_values_are_shown_short(value: object, text: str) -> None:
    """
    A foreign value goes through repr, is cut at 80 characters, and never breaks the message.
    """
    assert shown(value) == text
    assert len(shown(value)) <= 80


def test_text_is_what_where_and_remedy() -> None:
    """
    A message says what, where and how to mend, in that order.
    """
    assert str(DefinitionError("a thing", where="/a", remedy="mend it")) == "a thing at /a: mend it"
    assert str(DefinitionError("a thing")) == "a thing"


def test_a_contract_s_text_stays_alone() -> None:
    """
    Where a contract fixes the text, where and remedy stay in their attributes.
    """
    error = AntiFailureViolation("Workflow has 6 steps, exceeds maximum of 5", where="steps", remedy="split it")
    assert str(error) == "Workflow has 6 steps, exceeds maximum of 5"
    assert (error.where, error.remedy) == ("steps", "split it")


def test_many_faults_are_cut_and_counted() -> None:
    """
    Faults stand one a line; beyond the limit they are counted.
    """
    lines = str(DefinitionError("many", faults=[Fault(f"f{n}", "x") for n in range(MAX_FAULTS + 3)])).splitlines()
    assert lines[1] == "  f0 @ x"
    assert lines[-1] == "  … and 3 more"
    assert len(lines) == MAX_FAULTS + 2
