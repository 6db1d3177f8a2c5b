"""The mission as a value: its name, version, params class and builder are checked where it is made."""

import contextlib
from typing import Any

import attrs
import pytest
from makers import make_decision, make_gate, make_mission, make_step, make_workflow, nested

from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, MissionEngineError, ParamsError
from runtime.orchestration import Example, Mission, NoParams, WorkflowDefinition
from runtime.orchestration.registry import MISSION_REGISTRY, MissionRegistry


@attrs.frozen(kw_only=True)
class Params:
    """
    Params of many types.
    """

    count: int
    path: Pointer = attrs.field(factory=lambda: Pointer.parse("/a"))
    names: tuple[str, ...] = ()
    extra: JsonObject = attrs.field(factory=lambda: JsonObject({}))
    even: int = attrs.field(default=2)

    @even.validator
    def _is_even(self, _: object, value: int) -> None:
        if value % 2:
            message = f"{value} is odd"
            raise ValueError(message)


def mission() -> Mission:
    """
    Make a mission with these params.
    """
    return make_mission(params_class=Params, example=Example(params={"count": 1}))


class TestConstruction:
    """
    "A `Mission` is a frozen value (name, version, summary, params class, build function, an example)."
    """

    @pytest.mark.parametrize("name", ["a", "daily_loop", "a1", "x" * 64])
    def test_names(self, name: str) -> None:
        """
        Lower-case letters, digits and underscores, a letter first, at most 64.
        """
        assert make_mission(name=name).name == name

    @pytest.mark.parametrize("name", ["", "A", "1a", "_a", "a-b", "a b", "a.b", "é", "a\n", "x" * 65, None, 1])
    def test_names_that_are_refused(self, name: Any) -> None:
        """
        Whatever else would be a name elsewhere.
        """
        with pytest.raises(DefinitionError, match="mission name"):
            make_mission(name=name)

    @pytest.mark.parametrize(
        "version", ["1.0", "1", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0\n", "", None, 1.0, "\u0661.0.0"]
    )
    def test_versions_that_are_refused(self, version: Any) -> None:
        """
        Three numbers without leading zeros.
        """
        with pytest.raises(DefinitionError, match="use three numbers"):
            make_mission(version=version)

    @pytest.mark.parametrize("version", ["0.0.0", "1.0.0", "10.20.30"])
    def test_versions(self, version: str) -> None:
        """
        Three numbers.
        """
        assert make_mission(version=version).version == version

    @pytest.mark.parametrize("params_class", [dict, int, Params(count=1), None, "Params"])
    def test_params_classes_that_are_refused(self, params_class: Any) -> None:
        """
        Only an attrs class, or `JsonObject`, reads params strictly.
        """
        with pytest.raises(DefinitionError, match="give an attrs class, or JsonObject"):
            make_mission(params_class=params_class)

    @pytest.mark.parametrize("build", [None, "build", make_workflow()])
    def test_builders_that_are_refused(self, build: Any) -> None:
        """
        A builder is a function of the params.
        """
        with pytest.raises(DefinitionError, match="give a function of the params"):
            make_mission(build=build)

    def test_summaries_and_examples_are_checked(self) -> None:
        """
        By type and length.
        """
        wrong: list[dict[str, Any]] = [{"summary": None}, {"summary": "x" * 4097}, {"example": {}}]
        for changes in wrong:
            with pytest.raises(DefinitionError):
                make_mission(**changes)

    def test_an_example_takes_its_answers_as_a_list(self) -> None:
        """
        As `answers=` does everywhere; the mission can be registered all the same.
        """
        example = Example(answers=[make_decision()])
        assert example == Example(answers=(make_decision(),))
        assert MissionRegistry({"made": make_mission(make_gate(), example=example)})

    @pytest.mark.parametrize("answers", [3, (1, 2), "x", make_decision()])
    def test_an_example_refuses_answers_that_are_none(self, answers: Any) -> None:
        """
        With a refusal of this package.
        """
        with pytest.raises(MissionEngineError):
            Example(answers=answers)

    def test_a_builder_that_cannot_be_hashed_is_no_fault_of_pythons(self) -> None:
        """
        Any callable is a builder, or it is refused: an object with an equality of its own has no hash.
        """

        class Builder:
            """
            A builder that is an object.
            """

            __hash__ = None  # type: ignore[assignment]

            def __call__(self, params: object) -> WorkflowDefinition:
                """
                Build.
                """
                return make_workflow(make_step(str(params)[:5]))

        with contextlib.suppress(DefinitionError):
            assert list(MissionRegistry({"made": make_mission(build=Builder())})) == ["made"]

    def test_a_mission_takes_no_params_by_default(self) -> None:
        """
        Its params class is that of none.
        """
        assert make_mission().params_class is NoParams
        with pytest.raises(ParamsError):
            make_mission()({"a": 1})


class TestReadParams:
    """
    "Read params strictly into the params class; None is the empty object."
    """

    def test_reads_every_type(self) -> None:
        """
        JSON becomes the class's own values, with defaults for what is left out.
        """
        params = mission().read_params({"count": 3, "path": "/b", "names": ["x"], "extra": {"y": 1.0}})
        assert params == Params(count=3, path=Pointer.parse("/b"), names=("x",), extra=JsonObject({"y": 1}))

    def test_reads_an_instance_as_its_json(self) -> None:
        """
        An instance of the params class counts by what a run would record of it.
        """
        params = Params(count=1, names=("a",), extra=JsonObject({"x": 1}))
        assert mission().read_params(params) == params

    def test_refuses_an_instance_whose_members_are_of_other_types(self) -> None:
        """
        An attrs class need not check its members; what a run records is read strictly.
        """
        for wrong in (Params(count="1"), Params(count=1, names=[2]), Params(count=object())):  # type: ignore[arg-type]
            with pytest.raises(ParamsError, match="params of mission 'made'"):
                mission().read_params(wrong)

    def test_none_is_the_empty_object(self) -> None:
        """
        So a mission whose params all have defaults needs none.
        """
        assert make_mission().read_params() == NoParams()
        assert MISSION_REGISTRY["echo"].read_params() == JsonObject({})

    def test_refuses_an_instance_that_cannot_be_written_as_json(self) -> None:
        """
        The refusal names the mission, whatever went wrong.
        """
        with pytest.raises(ParamsError, match="params of mission 'made'"):
            mission().read_params(Params(count=1, path=None, names=3))  # type: ignore[arg-type]

    def test_lists_every_fault_with_its_path(self) -> None:
        """
        Missing, unknown and wrong fields together, validators of the class among them.
        """
        with pytest.raises(ParamsError) as caught:
            mission().read_params({"path": "b", "names": "x", "more": 1, "even": 3})
        faults = {fault.where: fault.message for fault in caught.value.faults}
        assert faults["path"].startswith("pointer 'b'")
        assert faults["names"] == "expected list, got str 'x'"
        assert faults["even"] == "3 is odd"
        assert "required field 'count' is missing" in faults.values()
        assert "unknown field 'more'" in faults.values()
        assert len(caught.value.faults) == 5

    @pytest.mark.parametrize(
        "params",
        [{"count": float("nan")}, {"count": (1,)}, {1: 2}, {"extra": nested(65)}, [], "x", 1, True, {"count": 2**53}],
    )
    def test_what_is_no_json_object_is_refused(self, params: Any) -> None:
        """
        As params, with the mission's name and the place.
        """
        with pytest.raises(ParamsError, match="params of mission 'made'"):
            mission().read_params(params)

    def test_the_document_holds_every_field(self) -> None:
        """
        "Every field, defaults written out."
        """
        assert mission().params_document({"count": 1}) == {
            "count": 1,
            "path": "/a",
            "names": [],
            "extra": {},
            "even": 2,
        }

    def test_the_document_reads_back(self) -> None:
        """
        What a run records gives the same params again.
        """
        made = mission()
        params = made.read_params({"count": 5, "names": ["a", "b"]})
        assert made.read_params(made.params_document(params)) == params


class TestBuilding:
    """
    Calling a mission gives its workflow for some params.
    """

    @pytest.mark.parametrize("built", [None, {}, make_workflow().to_dict(), "wf", make_workflow().steps])
    def test_what_is_no_workflow_is_refused(self, built: Any) -> None:
        """
        The refusal names the mission.
        """
        with pytest.raises(
            DefinitionError, match=r"mission 'made' built .*: its build function must return a WorkflowDef"
        ):
            make_mission(build=lambda _: built)()

    @pytest.mark.parametrize("error", [ZeroDivisionError("secret"), KeyError("secret"), RecursionError("secret")])
    def test_a_builder_that_raises_is_refused(self, error: Exception) -> None:
        """
        The refusal names the mission and the kind of error, not its text.
        """

        def build(_: object) -> WorkflowDefinition:
            raise error

        with pytest.raises(
            DefinitionError, match=f"mission 'made' could not be built: {type(error).__name__}"
        ) as caught:
            make_mission(build=build)()
        assert "secret" not in str(caught.value)

    def test_a_builder_may_refuse_its_params(self) -> None:
        """
        An error of this package leaves the builder as it is.
        """

        def build(_: object) -> WorkflowDefinition:
            raise ParamsError("too many", where="count")

        with pytest.raises(ParamsError, match="too many at count"):
            make_mission(build=build)()

    def test_the_builder_gets_the_params_class(self) -> None:
        """
        Never the raw JSON.
        """
        seen: list[Any] = []

        def build(params: Params) -> WorkflowDefinition:
            seen.append(params)
            return make_workflow()

        make_mission(params_class=Params, build=build)({"count": 1})
        assert seen == [Params(count=1)]
