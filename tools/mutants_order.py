"""A pytest plugin for the runs of `tools/mutants.py`: stable names of cases, and the quickest tests first.

mutmut collects the tests once and then again in a fork for every mutant. It hands over the tests of a mutant in no order,
and pytest 9 escapes the ids of a parametrized test a second time when it collects a module again, so that the names
mutmut learned are not found any more.
"""

import json
from pathlib import Path

import pytest

STATS = Path("mutmut-stats.json")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    Make pytest name the cases from the ids as the test gives them, not from those of an earlier collection.
    """
    for mark in metafunc.definition.iter_markers("parametrize"):
        if mark._param_ids_from is not None:  # noqa: SLF001 - pytest offers no other way to them.
            object.__setattr__(mark._param_ids_from, "_param_ids_generated", None)  # noqa: SLF001 - as above.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Run the quickest tests first, once their times are known.
    """
    if STATS.exists():
        times = json.loads(STATS.read_text())["duration_by_test"]
        items.sort(key=lambda item: times.get(item.nodeid, 0.0))
