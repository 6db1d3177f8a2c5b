"""The table of invariants names files and tests that exist, and every id used in the code stands in the table."""

import ast
import re
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "invariants.md").read_text()

_ID = r"INV-(?:[A-Z]+-?)?\d+"
_find_ids = re.compile(rf"\b{_ID}\b").findall


@attrs.frozen
class Row:
    """
    One invariant: its id, its statement, the files that enforce it and the tests that hold it.
    """

    id: str
    statement: str
    files: list[str]
    tests: list[str]


def _rows() -> list[Row]:
    rows = []
    for line in re.findall(r"^\| (INV-.*) \|$", PAGE, re.MULTILINE):
        name, statement, files, tests = line.split(" | ")
        rows.append(Row(name, statement, re.findall(r"`(.+?)`", files), re.findall(r"`(.+?)`", tests)))
    return rows


ROWS = _rows()


def _is_defined(node: ast.AST, names: list[str]) -> bool:
    if not names:
        return True
    kinds = ast.FunctionDef | ast.ClassDef
    return any(
        isinstance(child, kinds) and child.name == names[0] and _is_defined(child, names[1:])
        for child in ast.iter_child_nodes(node)
    )


def test_ids_are_unique_and_in_order() -> None:
    """
    Each id stands once, and the ids of one kind rise.
    """
    assert len({row.id for row in ROWS}) == len(ROWS)
    for kind in ("INV-", "INV-EXE-", "INV-T"):
        numbers = [int(row.id.removeprefix(kind)) for row in ROWS if row.id.removeprefix(kind).isdigit()]
        assert numbers
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_names_files_and_tests_that_exist(row: Row) -> None:
    """
    An invariant has a statement, at least one file that enforces it, and at least one test; each of them exists.
    """
    assert row.statement.endswith(".")
    assert row.files
    assert row.tests
    for file in row.files:
        assert (ROOT / file).is_file(), file
    for test in row.tests:
        file, *names = test.split("::")
        assert Path(file).name.startswith("test_"), test
        assert _is_defined(ast.parse((ROOT / file).read_text()), names), test


def test_every_id_in_code_and_tests_stands_in_the_table() -> None:
    """
    An id that a source or a test mentions is one of the table, and a row that names that test says so.
    """
    known = {row.id for row in ROWS}
    for folder in ("runtime", "missions", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.parent != Path(__file__).parent:
                assert set(_find_ids(path.read_text())) <= known, path.name


def test_a_test_that_claims_an_invariant_is_named_by_its_row() -> None:
    """
    Where the docstring of a test begins with an id, the row of that id names a test of the same file.
    """
    named = {row.id: {test.split("::")[0] for test in row.tests} for row in ROWS}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            claimed = re.match(_ID, (ast.get_docstring(node) or "") if isinstance(node, ast.FunctionDef) else "")
            if claimed:
                assert str(path.relative_to(ROOT)) in named[claimed[0]], f"{claimed[0]} does not name {path.name}"
