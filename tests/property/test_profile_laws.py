"""Laws of profiles: no text crashes the reader, what compiles prepares, equal inputs give equal bytes, edits change nothing."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from profiling import ENVIRONMENT, NATIVE, OLD, OLD_ENVIRONMENT, compiled, write
from strategies import json_values

from runtime.errors import MissionEngineError, ProfileError
from runtime.orchestration.preflight import verify_proof
from runtime.orchestration.prepare import prepare
from runtime.profiles.compiling import compile_run
from runtime.profiles.environments import environment_from
from runtime.profiles.folder import Folder, TextFile
from runtime.profiles.loading import read_profile
from runtime.profiles.places import Part
from runtime.profiles.profile import Profile
from runtime.profiles.reading import profile_of
from runtime.profiles.references import fill, find_references
from runtime.profiles.rule_documents import RuleType, ValidationRule
from runtime.profiles.schemas import DOCUMENT_SCHEMAS
from runtime.profiles.validation import validate_state


def _profile(files: dict[str, str]) -> Profile:
    """
    Read a profile from texts, without a directory.
    """
    listed = tuple(
        TextFile(name.rpartition("/")[0], name.rpartition("/")[2].removesuffix(".yaml"), f"P/{name}", text.encode())
        for name, text in sorted(files.items())
    )
    return profile_of(Folder(label="P", files=listed, faults=()))


LAYOUTS = {"ours": NATIVE, "rexecop": OLD}
_WORDS = st.sampled_from(
    [
        "schema: ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!!str ",
        "|\n",
        "\t",
        "${",
        "null",
        "steps:",
        "type: human",
        "\n  ",
        "'",
        '"',
        "#",
    ]
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map("".join))


@st.composite
def _edited(draw: st.DrawFn, files: dict[str, str]) -> dict[str, str]:
    """
    Give a profile one of whose files was edited: a line replaced, left out, doubled or moved, or the text cut.
    """
    name = draw(st.sampled_from(sorted(files)))
    lines = files[name].splitlines(keepends=True)
    at = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["replace", "leave out", "double", "swap", "cut", "value"]))
    if how == "replace":
        lines[at] = draw(_TEXTS) + "\n"
    elif how == "leave out":
        del lines[at]
    elif how == "double":
        lines.insert(at, lines[at])
    elif how == "swap":
        lines[at], lines[0] = lines[0], lines[at]
    elif how == "value" and ":" in lines[at]:
        lines[at] = lines[at].partition(":")[0] + ": " + draw(_TEXTS) + "\n"
    text = "".join(lines)
    return {**files, name: text[: draw(st.integers(0, len(text)))] if how == "cut" else text}


def _refusal(read: Callable[[], object]) -> ProfileError | None:
    """
    Give what reading was refused with; anything but a `ProfileError` is let through.
    """
    try:
        read()
    except ProfileError as error:
        return error
    return None


class TestNoTextCrashesTheReader:
    """
    "Never crashes on any YAML text": a profile, or an error that says where.
    """

    @pytest.mark.parametrize("layout", LAYOUTS)
    @given(data=st.data())
    def test_an_edited_profile(self, layout: str, data: st.DataObject) -> None:
        """
        INV-120: it is read, or refused with faults that each have a place.
        """
        files = data.draw(_edited(LAYOUTS[layout]))
        error = _refusal(lambda: _profile(files))
        assert error is None or error.faults
        assert error is None or all(fault.where.startswith("P") for fault in error.faults), error

    @pytest.mark.parametrize("name", sorted(NATIVE))
    @given(text=_TEXTS)
    def test_any_text_in_place_of_a_document(self, name: str, text: str) -> None:
        """
        INV-120: as above.
        """
        error = _refusal(lambda: _profile({**NATIVE, name: text}))
        assert error is None or error.faults

    @pytest.mark.parametrize("layout", LAYOUTS)
    @given(data=st.data(), value=json_values)
    def test_any_value_in_place_of_a_member(self, layout: str, data: st.DataObject, value: Any) -> None:
        """
        INV-120: as above, whatever stands under a key.
        """
        files = LAYOUTS[layout]
        name = data.draw(st.sampled_from(sorted(files)))
        lines = files[name].splitlines()
        at = data.draw(st.sampled_from([index for index, line in enumerate(lines) if ":" in line]))
        written = f"{lines[at].partition(':')[0]}: {json.dumps(value)}"
        error = _refusal(lambda: _profile({**files, name: "\n".join([*lines[:at], written, *lines[at + 1 :]])}))
        assert error is None or error.faults

    @pytest.mark.parametrize("text", [ENVIRONMENT, OLD_ENVIRONMENT], ids=["ours", "rexecop"])
    @given(data=st.data())
    def test_an_edited_environment(self, text: str, data: st.DataObject) -> None:
        """
        INV-120: as above.
        """
        edited = data.draw(_edited({"env.yaml": text}))["env.yaml"]
        error = _refusal(lambda: environment_from(edited.encode("utf-8", "surrogatepass"), source="E"))
        assert error is None or error.faults
        assert error is None or all(fault.where.startswith("E") for fault in error.faults), error


class TestASchemaRefusesNothingThatIsRead:
    """
    "A schema never refuses what the reader takes."
    """

    @given(files=_edited(NATIVE))
    def test_of_documents(self, files: dict[str, str]) -> None:
        """
        INV-132: every document of a profile that reads fits its schema.
        """
        try:
            profile = _profile(files)
        except MissionEngineError:
            return
        parts: list[Part[Any]] = [*profile.intents.values(), *profile.workflows.values(), *profile.connectors.values()]
        for part in (*parts, *profile.rules.values()):
            value: Any = part.document.value
            schema = DOCUMENT_SCHEMAS[value["schema"].replace("/", "-")]
            assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []


_PROFILE = _profile(NATIVE)
_ENVIRONMENT, _ = environment_from(ENVIRONMENT.encode(), source="E")


class TestWhatCompilesPrepares:
    """
    "A compiled workflow always prepares", and its proof can be computed again.
    """

    @given(
        params=st.fixed_dictionaries(
            {"reason": st.text(max_size=200)},
            optional={
                "approvers": st.lists(st.one_of(st.text(max_size=4), st.just("ada")), max_size=4),
                "force": st.booleans(),
                "more": json_values,
            },
        ),
        target=st.sampled_from(["mail-1", "mail-2", "both", "gone"]),
        mode=st.sampled_from(["dry_run", "apply", "observe"]),
    )
    def test_whatever_the_params(self, params: Any, target: str, mode: str) -> None:
        """
        INV-123: it is refused, or prepares, and so does what rolls it back.
        """
        try:
            run = compile_run(_PROFILE, _ENVIRONMENT, intent="restart", target=target, params=params, mode=mode)
        except MissionEngineError:
            return
        assert prepare(run.definition)
        assert run.rollback is not None
        assert prepare(run.rollback(run.params))
        verify_proof(run.definition, run.policies, run.certificate)
        assert run.mission(run.params).raw == run.definition.raw
        again = compile_run(_PROFILE, _ENVIRONMENT, intent="restart", target=target, params=params, mode=mode)
        assert again.digest == run.digest

    @given(reason=st.text(max_size=200))
    def test_a_param_is_never_read_as_anything_else(self, reason: str) -> None:
        """
        INV-124: it stands in the prompt as it is, and no other member of the workflow differs.
        """
        first = compile_run(_PROFILE, _ENVIRONMENT, intent="restart", target="both", params={"reason": reason})
        other = compile_run(_PROFILE, _ENVIRONMENT, intent="restart", target="both", params={"reason": "x"})
        assert first.definition.steps[0].payload["prompt"] == f"Restart both, because: {reason}?"
        assert first.definition.steps[1:] == other.definition.steps[1:]


class TestLaterEditsChangeNothing:
    """
    "What is used is copied."
    """

    @given(files=_edited(NATIVE))
    def test_an_edit_after_compiling(self, files: dict[str, str]) -> None:
        """
        INV-125: the bytes of the run are those from before.
        """
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            run = compiled(root)
            before = (run.digest, run.definition.raw, run.certificate.raw)
            write(root / "profile", files)
            (root / "env.yaml").write_text("broken: [")
            assert (run.digest, run.mission(run.params).raw, run.mission.prove(run.definition, None).raw) == before


class TestReferences:
    """
    "A reference is replaced by what it names; all else stays."
    """

    @given(value=json_values)
    def test_a_value_without_references_stays(self, value: Any) -> None:
        """
        What holds none is given back equal.
        """
        if not any(True for _ in find_references(value)) and "$${" not in repr(value):
            assert fill(value, {}) == value

    @given(text=st.text(alphabet="${}ab.", max_size=20))
    def test_any_text(self, text: str) -> None:
        """
        It is filled in, or refused; what was filled in is not looked at again.
        """
        scope = {"a": {"b": "${a.b}", "a": 1}}
        try:
            filled = fill(text, scope)
        except MissionEngineError:
            return
        if not any(True for _ in find_references(text)):
            assert type(filled) is str


class TestValidation:
    """
    "Pure, and an outcome for every rule, whatever the state."
    """

    @given(state=st.dictionaries(st.text(max_size=5), json_values, max_size=4))
    def test_any_state(self, state: dict[str, Any]) -> None:
        """
        INV-130: no state makes it raise, and it is not changed.
        """
        rules = (
            ValidationRule(rule="a", type=RuleType.CHECK, expression="a == 1 && size(b) > 0"),
            ValidationRule(rule="b", type=RuleType.CHECK, expression="a"),
        )
        before = repr(state)
        outcomes = validate_state(rules, state).outcomes
        assert [one.rule for one in outcomes] == ["a", "b"]
        assert all(one.reason for one in outcomes)
        assert repr(state) == before
        assert validate_state(rules, state).outcomes == outcomes


def test_reading_a_directory_and_reading_texts_are_one(tmp_path: Path) -> None:
    """
    INV-126: what the laws above are shown on is what `read_profile` gives.
    """
    assert read_profile(write(tmp_path)).digest == _PROFILE.digest
