"""What each operation promises, as laws over random states. Source: DESIGN.md 4, operations; RFC 7396."""

import copy
import json
from typing import Any

import pytest
import rfc8785
import strategies
from hypothesis import assume, example, given
from hypothesis import strategies as st
from makers import make_step, run, value_at

from runtime.orchestration import StepSpec
from runtime.orchestration.failures import StepErrorCode

MAX_NUMBER = 2**53 - 1


def without(state: Any, pointer: str) -> bytes:
    """
    Give the canonical bytes of a state from which the value at a pointer, if there, was taken away.
    """
    state = copy.deepcopy(state)
    above, _, last = pointer.rpartition("/")
    parent = value_at(state, above)
    if isinstance(parent, list):
        del parent[int(last)]
    else:
        parent.pop(last.replace("~1", "/").replace("~0", "~"), None)
    return rfc8785.dumps(state)


def after(state: dict[str, Any], *steps: StepSpec) -> dict[str, Any]:
    """
    Run steps that must complete, and give the state after.
    """
    result = run(state, *steps)
    assert result.error_message is None
    return result.final_state


class TestSetWritesTheValueAndNothingElse:
    """
    `set` writes the value at the path; "the last object key may be new".
    """

    @given(strategies.states_with_pointers(), strategies.small_values)
    def test_the_value_stands_at_the_path(self, place: tuple[Any, str], value: Any) -> None:
        """
        Reading the path after `set` gives the value.
        """
        state, path = place
        found = value_at(after(state, make_step("s", "set", path=path, value=value)), path)
        assert rfc8785.dumps([found]) == rfc8785.dumps([value])

    @given(strategies.states_with_pointers(), strategies.small_values)
    def test_everything_else_is_as_it_was(self, place: tuple[Any, str], value: Any) -> None:
        """
        Apart from the path, no byte of the state changes.
        """
        state, path = place
        assert without(after(state, make_step("s", "set", path=path, value=value)), path) == without(state, path)

    @strategies.few
    @given(strategies.run_states, strategies.small_values)
    def test_the_last_key_may_be_new(self, state: Any, value: Any) -> None:
        """
        A new key is added to its parent.
        """
        found = after(state, make_step("s", "set", path="/quite new", value=value))
        assert rfc8785.dumps(found) == rfc8785.dumps({**state, "quite new": value})

    @strategies.few
    @given(strategies.states_with_pointers(), strategies.small_values)
    def test_once_is_as_good_as_twice(self, place: tuple[Any, str], value: Any) -> None:
        """
        A second equal `set` changes nothing.
        """
        state, path = place
        step, again = (make_step(name, "set", path=path, value=value) for name in "ab")
        result = run(state, step, again)
        assert result.states[2] is result.states[1]

    @strategies.few
    @given(strategies.states_with_pointers(count=2))
    def test_from_gives_what_stood_there(self, place: tuple[Any, str, str]) -> None:
        """
        `from` writes the value that its pointer led to before the step.
        """
        state, path, source = place
        expected = copy.deepcopy(value_at(state, source))
        found = value_at(after(state, make_step("s", "set", path=path, from_=source)), path)
        assert rfc8785.dumps([found]) == rfc8785.dumps([expected])

    @strategies.few
    @given(strategies.states_with_pointers())
    def test_from_copies(self, place: tuple[Any, str]) -> None:
        """
        A later change to the source does not reach the copy.
        """
        state, source = place
        steps = [
            make_step("copy", "set", path="/the copy", from_=source),
            make_step("change", "set", path=source, value="changed"),
        ]
        assert rfc8785.dumps([after(state, *steps)["the copy"]]) == rfc8785.dumps([value_at(state, source)])


class TestAppendGrowsTheListByOne:
    """
    `append` adds one element at the end and keeps the rest; "`append` creates its list".
    """

    @strategies.few
    @given(st.lists(strategies.small_values, max_size=4), strategies.small_values)
    def test_the_last_element_is_the_value_and_the_rest_is_kept(self, items: list[Any], value: Any) -> None:
        """
        The list after is the list before and the value.
        """
        found = after({"in": {"a": items}, "other": 1}, make_step("s", "append", path="/in/a", value=value))
        assert rfc8785.dumps(found) == rfc8785.dumps({"in": {"a": [*items, value]}, "other": 1})

    @strategies.few
    @given(strategies.run_states, strategies.small_values)
    def test_an_absent_list_is_created(self, state: Any, value: Any) -> None:
        """
        Where nothing stands, a list of the one value stands after.
        """
        found = after(state, make_step("s", "append", path="/quite new", value=value))
        assert rfc8785.dumps(found) == rfc8785.dumps({**state, "quite new": [value]})

    @strategies.few
    @given(st.lists(strategies.small_values, max_size=4))
    def test_a_list_can_be_appended_to_itself(self, items: list[Any]) -> None:
        """
        `from` copies first, so a list that gets itself as an element holds no loop.
        """
        found = after({"a": items}, make_step("s", "append", path="/a", from_="/a"))
        assert rfc8785.dumps(found["a"]) == rfc8785.dumps([*items, items])


class TestRemoveTakesThePathAway:
    """
    `remove` takes away what stands at the path, and nothing else.
    """

    @given(strategies.states_with_pointers())
    def test_nothing_else_changes(self, place: tuple[Any, str]) -> None:
        """
        The state after is the state before without the value; later elements of a list move up.
        """
        state, path = place
        assert rfc8785.dumps(after(state, make_step("s", "remove", path=path))) == without(state, path)

    @strategies.few
    @given(strategies.run_states)
    def test_what_was_removed_is_absent(self, state: Any) -> None:
        """
        A second `remove` of a key fails, because the path is missing.
        """
        result = run({**state, "gone": 1}, *(make_step(name, "remove", path="/gone") for name in "ab"))
        assert (result.failed_step_id, result.error_code) == ("b", "path_missing")
        assert "gone" not in result.final_state

    @strategies.few
    @given(strategies.run_states, strategies.small_values)
    def test_remove_undoes_a_set_of_a_new_key(self, state: Any, value: Any) -> None:
        """
        Setting a new key and removing it gives the state before, byte for byte.
        """
        result = run(
            state, make_step("a", "set", path="/quite new", value=value), make_step("b", "remove", path="/quite new")
        )
        assert result.states[2] == result.states[0]
        assert result.states[2].raw == rfc8785.dumps(state)


class TestIncrementAdds:
    """
    `increment` adds `by`: "exact integers while both are integers", float sums by `math.fsum`.
    """

    @given(strategies.integers, strategies.integers)
    @example(MAX_NUMBER, 1)
    @example(-MAX_NUMBER, -1)
    @example(MAX_NUMBER, 0)
    @example(MAX_NUMBER - 1, 1)
    def test_integers_are_exact_or_refused(self, number: int, by: int) -> None:
        """
        The sum of integers is exact, and beyond ±(2^53-1) the step fails.
        """
        result = run({"n": number}, make_step("s", "increment", path="/n", by=by))
        if abs(number + by) <= MAX_NUMBER:
            assert result.final_state == {"n": number + by}
            assert type(result.final_state["n"]) is int
        else:
            assert (result.error_code, result.final_state) == ("number_out_of_range", {"n": number})

    @strategies.few
    @given(*[st.integers(-(2**51), 2**51)] * 3)
    def test_two_steps_add_like_one(self, number: int, first: int, second: int) -> None:
        """
        Incrementing by a, then by b, equals incrementing by a + b.
        """
        steps = [make_step(str(by), "increment", path="/n", by=by) for by in (first, second)]
        assume(first != second)
        assert after({"n": number}, *steps) == after(
            {"n": number}, make_step("s", "increment", path="/n", by=first + second)
        )

    @strategies.few
    @given(strategies.floats, strategies.floats)
    @example(2.0**52, 2.0**52)
    @example(-(2.0**52), -(2.0**52))
    @example(2.0**52, 2.0**52 - 1)
    def test_floats_add_as_floats_do_or_are_refused(self, number: float, by: float) -> None:
        """
        The sum of two floats is the float nearest to it, and beyond ±(2^53-1) the step fails.
        """
        result = run({"n": number}, make_step("s", "increment", path="/n", by=by))
        if abs(number + by) <= MAX_NUMBER:
            assert rfc8785.dumps(result.final_state) == rfc8785.dumps({"n": number + by})
        else:
            assert (result.error_code, result.final_state) == ("number_out_of_range", {"n": number})

    def test_one_is_added_unless_told_otherwise(self) -> None:
        """
        `by` is 1 by default.
        """
        assert after({"n": 41}, make_step("s", "increment", path="/n")) == {"n": 42}


MERGE_TABLE: list[tuple[str, str, str]] = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"a":1,"e":null}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


class TestMergeIsRfc7396:
    """
    "`merge` is RFC 7396, the only one on the root".
    """

    @pytest.mark.parametrize(("original", "patch", "merged"), MERGE_TABLE)
    def test_the_table_of_the_rfc(self, original: str, patch: str, merged: str) -> None:
        """
        Every row of RFC 7396 appendix A holds below the root.
        """
        state = {"doc": json.loads(original), "kept": 1}
        found = after(state, make_step("s", "merge", path="/doc", value=json.loads(patch)))
        assert rfc8785.dumps(found) == rfc8785.dumps({"doc": json.loads(merged), "kept": 1})

    @pytest.mark.parametrize(
        ("original", "patch", "merged"), [row for row in MERGE_TABLE if row[0][0] == row[1][0] == "{"]
    )
    def test_the_table_of_the_rfc_at_the_root(self, original: str, patch: str, merged: str) -> None:
        """
        Every row between objects holds at the root.
        """
        found = after(json.loads(original), make_step("s", "merge", path="", value=json.loads(patch)))
        assert rfc8785.dumps(found) == merged.encode()

    @given(
        strategies.run_states, st.dictionaries(st.sampled_from(["a", "b", "n"]), strategies.small_values, max_size=3)
    )
    def test_a_second_merge_changes_nothing(self, state: Any, patch: Any) -> None:
        """
        Merging the same patch again gives the same state.
        """
        result = run(state, *(make_step(name, "merge", path="", value=patch) for name in "ab"))
        assert result.states[2] == result.states[1]

    @strategies.few
    @given(strategies.run_states)
    def test_the_empty_patch_changes_nothing(self, state: Any) -> None:
        """
        Merging `{}` at the root gives the same state.
        """
        assert run(state, make_step("s", "merge", path="", value={})).states[1] == run(state).states[0]

    @strategies.few
    @given(st.dictionaries(st.sampled_from("abc"), strategies.small_values, max_size=3), strategies.run_states)
    def test_the_root_is_merged_as_any_object_is(self, patch: Any, state: Any) -> None:
        """
        A merge of the root gives what a merge of an equal object below it gives.
        """
        below = after({"in": state}, make_step("s", "merge", path="/in", value=patch))["in"]
        assert rfc8785.dumps(after(state, make_step("s", "merge", path="", value=patch))) == rfc8785.dumps(below)

    def test_a_state_merged_into_itself_loses_its_nulls(self) -> None:
        """
        `from` may be the root: null means remove, as in any patch.
        """
        assert after({"a": None, "b": {"c": None}}, make_step("s", "merge", path="", from_="")) == {"b": {}}

    def test_an_absent_target_is_as_null(self) -> None:
        """
        A merge below the root may make its target, when the parent is there.
        """
        assert after({"a": {}}, make_step("s", "merge", path="/a/b", value={"c": 1, "d": None})) == {
            "a": {"b": {"c": 1}}
        }


def summary_of(items: Any, **payload: Any) -> Any:
    """
    Summarize a list that must be summarized without fault.
    """
    return after({"items": items}, make_step("s", "summarize", from_="/items", path="/out", **payload))["out"]


class TestSummarizeLosesNothing:
    """
    `summarize` groups the items of a list and measures each group: every item is in exactly one group.
    """

    @strategies.few
    @given(strategies.integer_items)
    def test_counts_of_the_groups_add_up(self, items: list[Any]) -> None:
        """
        The counts sum to the number of items, and only names that occur make a group.
        """
        groups = summary_of(items, group_by="/group", measures={"count": {"kind": "count"}})
        assert sum(group["count"] for group in groups.values()) == len(items)
        assert groups.keys() == {item["group"] for item in items}

    @strategies.few
    @given(strategies.integer_items)
    def test_sums_of_the_groups_add_up(self, items: list[Any]) -> None:
        """
        The sums over the groups add up to the sum over all.
        """
        measures = {"minutes": {"kind": "sum", "of": "/n"}}
        groups = summary_of(items, group_by="/group", measures=measures)
        total = summary_of(items, measures=measures)["minutes"]
        assert sum(group["minutes"] for group in groups.values()) == total == sum(item["n"] for item in items)

    @strategies.few
    @given(strategies.integer_items)
    def test_lists_of_the_groups_hold_every_item_in_order(self, items: list[Any]) -> None:
        """
        A group's `list` holds what its items hold, in their order.
        """
        groups = summary_of(items, group_by="/group", measures={"n": {"kind": "list", "of": "/n"}})
        assert {name: group["n"] for name, group in groups.items()} == {
            name: [item["n"] for item in items if item["group"] == name] for name in {item["group"] for item in items}
        }

    @strategies.few
    @given(strategies.integer_items.filter(bool))
    def test_the_average_is_the_sum_over_the_count(self, items: list[Any]) -> None:
        """
        `avg` is `sum` divided by `count`, as true division gives it.
        """
        kinds = {kind: {"kind": kind, "of": "/n"} for kind in ("sum", "count", "avg")}
        found = summary_of(items, measures=kinds)
        assert found["avg"] == found["sum"] / found["count"]

    @given(strategies.measured_values)
    def test_least_and_greatest_bound_every_value(self, items: list[Any]) -> None:
        """
        `min` and `max` are the ends of the list in the one total order: null, booleans, numbers, strings, lists, objects.
        """
        measures = {kind: {"kind": kind, "of": "/v"} for kind in ("min", "max", "list")}
        found = summary_of(items, measures=measures, missing="empty")
        ranked = sorted((item["v"] for item in items if "v" in item), key=_rank)
        assert len(found["list"]) == len(ranked)
        if ranked:
            assert _rank(found["min"]) == _rank(ranked[0])
            assert _rank(found["max"]) == _rank(ranked[-1])
        else:
            assert (found["min"], found["max"]) == (None, None)

    @strategies.few
    @given(strategies.measured_values)
    def test_an_item_without_the_member_adds_nothing_or_fails(self, items: list[Any]) -> None:
        """
        With `missing: empty` it is not counted; with `missing: error` the step fails with `path_missing`.
        """
        measures = {"there": {"kind": "count", "of": "/v"}, "all": {"kind": "count"}}
        there = sum("v" in item for item in items)
        assert summary_of(items, measures=measures, missing="empty") == {"there": there, "all": len(items)}
        result = run({"items": items}, make_step("s", "summarize", from_="/items", path="/out", measures=measures))
        assert result.error_code == (None if there == len(items) else "path_missing")


def _rank(value: Any) -> tuple[int, Any]:
    kinds: list[Any] = [type(None), bool, (int, float), str, list, dict]
    place = next(place for place, kind in enumerate(kinds) if isinstance(value, kind))
    return place, (rfc8785.dumps(value) if place > 3 else value or 0 if place < 3 else value)


class TestNoopChangesNoByte:
    """
    `noop` has no effect on the state.
    """

    @strategies.few
    @given(strategies.run_states, strategies.small_objects)
    def test_the_state_after_is_the_state_before(self, state: Any, params: Any) -> None:
        """
        Whatever its params, the state stays the same value.
        """
        result = run(state, make_step("s", "noop", params=params))
        assert result.states[1] is result.states[0]
        assert result.states[0].raw == rfc8785.dumps(state)


class TestAFailingStepLeavesTheStateAsItWas:
    """
    "A step either completes and gives the next state, or leaves the state as it was" (engine rule 2).
    """

    @given(st.data())
    def test_whatever_the_operation(self, data: st.DataObject) -> None:
        """
        A failed step has a code of the closed list, its entry an output equal to its input, and the state no change.
        """
        state = data.draw(strategies.run_states)
        payload = data.draw(strategies.operation_payloads(state))
        before = rfc8785.dumps(state)
        result = run(state, StepSpec("s", "runtime", payload))
        entry = result.lineage["entries"][0]
        if result.success:
            assert entry["error_code"] is result.error_code is result.error_message is None
        else:
            assert result.error_code in set(StepErrorCode)
            assert result.states[1].raw == before
            assert entry["output_digest"] == entry["input_digest"]
            assert (entry["status"], entry["error_code"]) == ("failed", result.error_code)
            assert (result.error_message or "").startswith("Step 's' failed: ")
        assert rfc8785.dumps(state) == before

    @strategies.few
    @given(strategies.run_states, strategies.texts)
    def test_fail_fails_with_its_reason(self, state: Any, reason: str) -> None:
        """
        `fail` ends the run with the reason in the message and `step_failed` in the evidence.
        """
        result = run(state, make_step("s", "fail", reason=reason), make_step("never"))
        assert (result.status, result.error_code) == ("failed", "step_failed")
        assert result.error_message == f"Step 's' failed: {reason}"
        assert result.states[-1].raw == rfc8785.dumps(state)


def _with_floats(value: Any) -> Any:
    if type(value) is int:
        return float(value)
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    return value


class TestANumberHasOneSpelling:
    """
    "`2.0` and `2` are one JSON number": no outcome depends on how it was written.
    """

    @given(st.data())
    def test_whole_floats_and_integers_give_the_same_bytes(self, data: st.DataObject) -> None:
        """
        The same run written with floats wherever it had integers leaves the same entries and receipt.
        """
        state = data.draw(strategies.run_states)
        payload = data.draw(strategies.operation_payloads(state))
        first = run(state, StepSpec("s", "runtime", payload))
        second = run(_with_floats(state), StepSpec("s", "runtime", _with_floats(payload)))
        assert second.entry_bytes == first.entry_bytes
        assert second.receipt_bytes == first.receipt_bytes
        assert second.states == first.states
