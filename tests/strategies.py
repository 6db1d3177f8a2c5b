"""Every Hypothesis strategy of the suite."""

from typing import Any

from hypothesis import strategies as st

MAX_NUMBER = 2**53 - 1

integers = st.integers(-MAX_NUMBER, MAX_NUMBER)
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**52), max_value=2.0**52)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | integers | floats | texts


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4)


json_values = st.recursive(scalars, _containers, max_leaves=20)
"""Any value of the canonical domain."""

json_objects = st.dictionaries(texts, json_values, max_size=6)
"""Any JSON object of the canonical domain."""
