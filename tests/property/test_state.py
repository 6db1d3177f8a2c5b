"""One state, however it is held: as one document or key by key, made at once or change by change."""

from typing import Any

import rfc8785
import strategies
from hypothesis import example, given
from hypothesis import strategies as st
from makers import sha256_of

from runtime.orchestration.state import State
from runtime.orchestration.view import StateView

BOUNDARY = 64 * 1024


def by_key(document: dict[str, Any]) -> State:
    """
    Make a state that is held key by key, whatever its size.
    """
    view = StateView(State({}))
    for key, value in document.items():
        view.put(key, value)
    return view.commit()


def padded(document: dict[str, Any], size: int) -> dict[str, Any]:
    """
    Give the document with a member that brings its canonical size to exactly this.
    """
    bare = {**document, "pad": ""}
    return {**document, "pad": "x" * (size - len(rfc8785.dumps(bare)))}


def assert_holds(state: State, document: dict[str, Any]) -> None:
    """
    Check everything a state shows against the plain document.
    """
    raw = rfc8785.dumps(document)
    assert state.raw == raw
    assert state.size == len(raw)
    assert state.digest == sha256_of(document)
    assert rfc8785.dumps(state.thaw()) == raw
    assert state == document
    assert list(state) == sorted(document, key=lambda key: key.encode("utf-16-be"))
    assert all(rfc8785.dumps([state.parse(key)]) == rfc8785.dumps([document[key]]) for key in document)


class TestARepresentationDoesNotShow:
    """
    "A small context is encoded whole and split only when a step changes it; a large one is encoded key by key."
    """

    @given(strategies.awkward_objects)
    def test_for_any_object(self, document: dict[str, Any]) -> None:
        """
        Both representations have the same bytes, digest, size, members and hash, and are equal.
        """
        whole, split = State(document), by_key(document)
        assert_holds(whole, document)
        assert_holds(split, document)
        assert whole == split
        assert hash(whole) == hash(split)

    @given(strategies.run_states, st.integers(-3, 3))
    @example({}, 0)
    @example({}, 1)
    def test_around_the_size_where_it_changes(self, document: dict[str, Any], beyond: int) -> None:
        """
        A byte more or less than 64 KiB makes no difference but that byte.
        """
        document = padded({key: value for key, value in document.items() if key != "pad"}, BOUNDARY + beyond)
        whole, split = State(document), by_key(document)
        assert_holds(whole, document)
        assert whole == split
        assert (whole.size, whole.digest, whole.raw) == (split.size, split.digest, split.raw)

    @strategies.few
    @given(strategies.awkward_objects, st.text(st.sampled_from("\x01é€\U00010000"), min_size=1, max_size=3))
    def test_where_text_grows_when_written(self, document: dict[str, Any], text: str) -> None:
        """
        A document that looks small by its characters and is large by its bytes is held right as well.
        """
        document = {**document, "pad": text * 20_000}
        assert State(document).digest == by_key(document).digest == sha256_of(document)


class TestChangesKeepTheOrderOfKeys:
    """
    "Astral keys sort otherwise beside U+E000..U+FFFF": after any change the keys stand as RFC 8785 orders them.
    """

    @given(st.data())
    def test_over_any_row_of_changes(self, data: st.DataObject) -> None:
        """
        Adding, replacing and removing members, commit after commit, gives what a plain dict would.
        """
        document = data.draw(st.dictionaries(strategies.awkward_texts, strategies.small_values, max_size=5))
        if data.draw(st.booleans()):
            document["pad"] = "x" * BOUNDARY
        state = State(document)
        for _ in range(data.draw(st.integers(1, 3))):
            view, before = StateView(state), dict(document)
            for _ in range(data.draw(st.integers(1, 4))):
                key = data.draw(st.sampled_from([*sorted(document), "new"]) | strategies.awkward_texts)
                if key in document and data.draw(st.booleans()):
                    view.drop(key)
                    del document[key]
                else:
                    document[key] = data.draw(strategies.small_values)
                    view.put(key, document[key])
            after = view.commit()
            assert_holds(after, document)
            assert state.raw == rfc8785.dumps(before)
            state = after
