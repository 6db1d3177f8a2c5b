"""Laws of seals."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from makers import make_inputs, make_step
from sealing import make_sealing
from strategies import json_values, operation_payloads, states_with_pointers

from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import JsonObject
from runtime.encoding.seal import SEAL_MEMBER, find_seals, replace_seals
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import ExecutionContext, execute
from runtime.orchestration.registry import run_mission
from runtime.values.seals import Disclosure, verify_disclosure

keys = st.binary(min_size=32, max_size=32)
paths = st.lists(st.text("ab~/\u00e9", max_size=3), min_size=1, max_size=4).map(
    lambda parts: "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
)
SEAL = {SEAL_MEMBER: "sha256:" + "0" * 64}


class TestASealIsOfOneKeyPathAndValue:
    """
    "Sealing is deterministic; another key, path or value gives another seal."
    """

    @given(key=keys, path=paths, value=json_values)
    def test_equal_inputs_give_equal_bytes(self, key: bytes, path: str, value: Any) -> None:
        """
        Sealing again on resume changes nothing.
        """
        assert Disclosure.make(key, path, value).raw == Disclosure.make(key, path, value).raw

    @given(key=st.tuples(keys, keys), path=st.tuples(paths, paths), value=st.tuples(json_values, json_values))
    def test_other_inputs_give_other_seals(
        self, key: tuple[bytes, bytes], path: tuple[str, str], value: tuple[Any, Any]
    ) -> None:
        """
        In each of the three alone.
        """
        seal = Disclosure.make(key[0], path[0], value[0]).seal
        assert (Disclosure.make(key[1], path[0], value[0]).seal == seal) is (key[1] == key[0])
        assert (Disclosure.make(key[0], path[1], value[0]).seal == seal) is (path[1] == path[0])
        assert (Disclosure.make(key[0], path[0], value[1]).seal == seal) is (canonical(value[1]) == canonical(value[0]))


class TestADisclosureComesBack:
    """
    "Seal, disclose, verify: the value that was sealed."
    """

    @given(key=keys, path=paths, value=json_values)
    def test_as_it_was_made(self, key: bytes, path: str, value: Any) -> None:
        """
        Through its bytes.
        """
        made = Disclosure.make(key, path, value)
        read = verify_disclosure(JsonObject.from_canonical(made.raw).thaw())
        assert (read, canonical(read.to_dict()["value"])) == (made, canonical(value))

    @given(key=keys, value=json_values)
    def test_and_opens_what_was_sealed(self, key: bytes, value: Any) -> None:
        """
        Putting values back in place of their seals gives the document that was sealed.
        """
        document = {"a": value, "b": [value, 1]}
        opened = {"/a": value, "/b/0": value}
        sealed = {"a": {SEAL_MEMBER: Disclosure.make(key, "/a", value).seal}, "b": [SEAL, 1]}
        assert {path for path, _ in find_seals(sealed)} == set(opened)
        assert replace_seals(sealed, lambda path, _: opened[path]) == document


class TestASealedRunReplays:
    """
    "A run with seals replays without key and vault to the same bytes."
    """

    @given(key=keys, state=st.dictionaries(st.sampled_from("abc"), json_values, min_size=1))
    def test_from_its_record_alone(self, key: bytes, state: dict[str, Any]) -> None:
        """
        Whatever was sealed.
        """
        rules = [f"/context/{name}" for name in state]
        result = run_mission("echo", ExecutionContext(state), seal=make_sealing(*rules, key=key))
        assert {canonical(one) for _, one in find_seals(result.final_state)} == {
            canonical({SEAL_MEMBER: Disclosure.make(key, f"/context/{name}", one).seal}) for name, one in state.items()
        }
        recorded = RecordedRun.from_bytes(RecordedRun.of(result).raw)
        assert replay(recorded).receipt == result.receipt


class TestTheEngineOnlyCarriesSeals:
    """
    "Never another value than the seal, or a failure": a step that completes does what it would do with the value.
    """

    @given(data=st.data(), secret=st.sampled_from(["", "a", "x" * 50, 7, True]))
    def test_whatever_was_sealed(self, data: st.DataObject, secret: Any) -> None:
        """
        Opening the state after the step, or opening it before, comes to the same.
        """
        state, pointer = data.draw(states_with_pointers())
        sealed = _put(state, pointer.split("/")[1:], SEAL)
        assume(any(find_seals(sealed)))
        payload = data.draw(operation_payloads(sealed))
        step = make_step("s", **payload)
        after = execute(make_inputs(step, state=sealed))
        if after.status != "completed":
            assert after.states[-1] == after.states[0]
            return
        opened = execute(make_inputs(step, state=replace_seals(sealed, lambda *_: secret)))
        assert opened.status == "completed"
        assert canonical(replace_seals(after.final_state, lambda *_: secret)) == canonical(opened.final_state)


def _put(value: Any, tokens: list[str], part: Any) -> Any:
    if not tokens:
        return part
    token = tokens[0].replace("~1", "/").replace("~0", "~")
    if type(value) is dict:
        return {**value, token: _put(value[token], tokens[1:], part)}
    return [_put(one, tokens[1:], part) if str(index) == token else one for index, one in enumerate(value)]
