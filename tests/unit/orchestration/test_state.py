"""The state as a value: reads like a dict, never changes, and counts by its canonical bytes."""

import copy
import pickle
from typing import Any, cast

import pytest
import rfc8785
from makers import sha256_of

from runtime.encoding.frozen import JsonObject
from runtime.errors import EncodingError
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView

SMALL: dict[str, Any] = {"b": [1, {"c": None}], "a": 2.0, "\U00010000": "x", "\ue000": True, "": {}}
LARGE: dict[str, Any] = {**SMALL, "pad": "x" * 70_000}


@pytest.fixture(params=["whole", "by key"])
def state(request: pytest.FixtureRequest) -> State:
    """
    Give a state held as one document, and one held key by key.
    """
    return State(SMALL if request.param == "whole" else LARGE)


@pytest.fixture
def document(state: State) -> dict[str, Any]:
    """
    Give the plain document of the state.
    """
    return LARGE if "pad" in state else SMALL


class TestReading:
    """
    "An immutable JSON object that reads like a dict."
    """

    def test_members(self, state: State, document: dict[str, Any]) -> None:
        """
        Keys, items, length and membership are those of the document.
        """
        assert len(state) == len(document)
        assert set(state) == set(document)
        assert dict(state) == {key: document[key] for key in document}
        assert "a" in state
        assert "z" not in state
        assert cast("Any", 1) not in state
        assert state.get("z", 3) == 3

    def test_keys_stand_in_canonical_order(self, state: State) -> None:
        """
        By UTF-16 code units: U+10000 stands before U+E000.
        """
        assert [key for key in state if key != "pad"] == ["", "a", "b", "\U00010000", "\ue000"]

    def test_a_member_that_is_absent(self, state: State) -> None:
        """
        Asking for it is a KeyError, as for a dict.
        """
        with pytest.raises(KeyError):
            state["z"]

    def test_members_are_frozen(self, state: State) -> None:
        """
        What is inside cannot be changed either.
        """
        parts: list[Any] = [state, state["b"], state["b"][1]]
        for part in parts:
            with pytest.raises(TypeError):
                part[0] = 1

    def test_thaw_gives_a_plain_copy(self, state: State, document: dict[str, Any]) -> None:
        """
        The caller owns it, and the state stays.
        """
        given = state.thaw()
        assert rfc8785.dumps(given) == rfc8785.dumps(document)
        given["b"].clear()
        assert state.thaw() != given
        assert type(given["a"]) is int

    def test_bytes_size_and_digest(self, state: State, document: dict[str, Any]) -> None:
        """
        "The digest is SHA-256 of the plain RFC 8785 document."
        """
        assert state.raw == rfc8785.dumps(document)
        assert state.size == len(state.raw)
        assert state.digest == sha256_of(document)

    def test_repr_is_short(self, state: State) -> None:
        """
        Size and digest, not the content.
        """
        assert repr(state) == f"State({state.size} bytes, {state.digest})"

    def test_the_empty_state(self) -> None:
        """
        `{}` has no member, two bytes and the digest of `{}`.
        """
        empty = State({})
        assert (len(empty), empty.raw, empty.size, empty.thaw()) == (0, b"{}", 2, {})
        assert empty.digest == sha256_of({})


class TestComparing:
    """
    "Two states are equal when their canonical bytes are; a plain dict counts by the bytes it would have."
    """

    def test_with_states_and_dicts(self, state: State, document: dict[str, Any]) -> None:
        """
        Order of keys and spelling of numbers do not matter.
        """
        other = dict(reversed(document.items()))
        assert state == State(other) == other
        assert hash(state) == hash(State(other))
        assert state == {**document, "a": 2}

    def test_with_what_differs(self, state: State, document: dict[str, Any]) -> None:
        """
        `true` is not 1, and what is not JSON is no state.
        """
        others: list[Any] = [{**document, "a": True}, {**document, "z": 1}, {}, {"a": {1, 2}}, {1: 2}, None, [], 3]
        for other in others:
            assert state != other
        assert State({"a": 1}) != State({"a": True})
        assert State({"a": 1}) != {"a": True}

    def test_copies(self, state: State) -> None:
        """
        Copies are the state itself; a pickled one is equal.
        """
        assert copy.copy(state) is copy.deepcopy(state) is state
        assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own bytes.


class TestConstruction:
    """
    What is not a plain JSON object is refused.
    """

    @pytest.mark.parametrize("value", [None, [], "x", 1, True, JsonObject({}), type("D", (dict,), {})()])
    def test_another_type(self, value: Any) -> None:
        """
        A subclass of dict too: it may lie about its members.
        """
        with pytest.raises(EncodingError, match="expected a plain dict with str keys"):
            State(value)

    @pytest.mark.parametrize("pad", ["", "x" * 70_000])
    def test_a_surrogate(self, pad: str) -> None:
        """
        A lone surrogate has no UTF-8 form, as key or value, in a small or a large state.
        """
        for value in ({"a": "\ud800"}, {"\ud800": 1}):
            with pytest.raises(EncodingError, match="lone surrogate"):
                State({**value, "pad": pad})

    @pytest.mark.parametrize("pad", ["", "x" * 70_000])
    def test_an_integer_out_of_range(self, pad: str) -> None:
        """
        2^53 is not exact, in a small or a large state.
        """
        with pytest.raises(EncodingError, match="integers are exact only within"):
            State({"a": 2**53, "pad": pad})

    def test_the_largest_state(self) -> None:
        """
        16 MiB are allowed, one byte more is not, however it is spread over keys.
        """
        assert State({"a": "x" * (2**24 - 8)}).size == 2**24
        assert State({"a": "x" * 2**23, "b": "x" * (2**23 - 15)}).size == 2**24
        for value in ({"a": "x" * (2**24 - 7)}, {"a": "x" * 2**23, "b": "x" * (2**23 - 14)}):
            with pytest.raises(EncodingError, match=r"^a document of 16777217 bytes at /: the limit is 16777216 bytes"):
                State(value)

    def test_the_size_counts_bytes_not_characters(self) -> None:
        """
        Text that grows when it is written is measured as it is written.
        """
        with pytest.raises(EncodingError, match="the limit is 16777216 bytes"):
            State({"a": "\x01" * 3_000_000})
        with pytest.raises(EncodingError, match="the limit is 16777216 bytes"):
            State({"a": "\u20ac" * 6_000_000})


class TestAView:
    """
    "A step's private, changeable view of one state": committing encodes only what was marked.
    """

    def test_that_changed_nothing_gives_the_state_itself(self, state: State) -> None:
        """
        Reading costs no new state.
        """
        view = StateView(state)
        view.load("b")
        assert view.commit() is state

    def test_that_wrote_what_was_there_gives_the_state_itself(self, state: State, document: dict[str, Any]) -> None:
        """
        Writing an equal value changes nothing.
        """
        view = StateView(state)
        view.put("b", copy.deepcopy(document["b"]))
        assert view.commit() is state

    def test_whose_copy_was_changed_but_not_marked_changes_nothing(self, state: State) -> None:
        """
        The private copy is not the state.
        """
        view = StateView(state)
        view.load("b").append(9)
        assert view.commit() is state
        assert state["b"] == SMALL["b"]

    def test_put_mark_and_drop(self, state: State, document: dict[str, Any]) -> None:
        """
        New, changed and removed members stand in the state after, in order; the state before stays.
        """
        view = StateView(state)
        view.put("\U00010001", [1])
        view.load("b").append(9)
        view.mark("b")
        view.drop("a")
        expected = {**document, "\U00010001": [1], "b": [*document["b"], 9]}
        del expected["a"]
        after = view.commit()
        assert after.raw == rfc8785.dumps(expected)
        assert after.size == len(after.raw)
        assert after.digest == sha256_of(expected)
        assert state.raw == rfc8785.dumps(document)

    def test_lists_its_members_as_they_come_and_go(self, state: State) -> None:
        """
        New members stand behind the old ones; members taken away are not listed, whether old or new.
        """
        view = StateView(state)
        old = [key for key in view.list_keys() if key != "a"]
        view.put("c", 3)
        view.put("d", 4)
        view.drop("c")
        view.drop("a")
        assert view.list_keys() == [*old, "d"]

    @pytest.mark.parametrize("kept", [1e-6, [1e-7, 0.5], {"\U00010000": 1, "\uffff": 2}, "\U00010000"])
    def test_what_was_not_written_keeps_its_canonical_bytes(self, kept: Any) -> None:
        """
        Numbers and keys that the fast encoder writes otherwise stay as they were when a neighbour changes.
        """
        view = StateView(State({"kept": kept, "b": 1}))
        view.put("b", 2)
        assert view.commit().raw == rfc8785.dumps({"kept": kept, "b": 2})

    def test_members_that_grow_and_shrink_at_once_change_the_size_by_the_sum(
        self, state: State, document: dict[str, Any]
    ) -> None:
        """
        The size is carried on from state to state, and stays that of the bytes.
        """
        for a, b in (("x" * 10, [1, 2, 3]), ("", {"long": "y" * 100}), ("x", 1), ("z" * 1000, None)):
            view = StateView(state)
            view.put("a", a)
            view.put("b", b)
            state = view.commit()
            assert state.raw == rfc8785.dumps({**document, "a": a, "b": b})
            assert state.size == len(state.raw)

    def test_knows_its_members(self, state: State) -> None:
        """
        Membership and keys follow what was put and dropped, in any order.
        """
        view = StateView(state)
        view.put("new", 1)
        assert "new" in view
        view.drop("new")
        view.drop("a")
        view.put("a", 2)
        view.drop("b")
        assert ("new" in view, "a" in view, "b" in view, "z" in view) == (False, True, False, False)
        assert sorted(key for key in view.list_keys() if key != "pad") == sorted(["", "a", "\U00010000", "\ue000"])
        assert "b" not in view.commit()

    def test_dropping_what_was_never_there_changes_nothing(self, state: State) -> None:
        """
        A member put and dropped in one step leaves no trace.
        """
        view = StateView(state)
        view.put("new", 1)
        view.drop("new")
        assert view.commit() is state

    def test_emptied_is_the_empty_state(self) -> None:
        """
        A large state may become small, and none at all.
        """
        view = StateView(State(LARGE))
        for key in LARGE:
            view.drop(key)
        assert view.commit() == State({})
        assert view.commit().raw == b"{}"
