"""Run the same five steps in this engine, in LangGraph and in Burr, and compare missions a second.

`.venv-bench/bin/python tests/bench/frameworks.py [--out FILE]` ends with 1 when a target is missed or the machine is
busy; `make bench` lays that environment. The other two hash nothing; what each keeps is said in the report. Read
`measure.py` for how it is measured, and `engine.py` for this engine alone.
"""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypedDict

# The tree this file stands in is measured, whichever one is installed; its siblings are `bench.*` to the type checker.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# LangGraph would send every run to a server where a developer's settings ask for it.
os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"

import attrs
from bench.measure import least_seconds
from bench.report import Row, publish, ratio_row, render, shown_time

from runtime.encoding.canonical import canonical
from runtime.orchestration import ExecutionContext, Orchestrator, StepSpec, WorkflowDefinition

# By name, because they are not there where the types are checked.
_burr: Final = import_module("burr.core")
_burr_graph: Final = import_module("burr.core.graph")
_burr_persistence: Final = import_module("burr.core.persistence")
_langgraph: Final = import_module("langgraph.graph")
_langgraph_memory: Final = import_module("langgraph.checkpoint.memory")

_REPORT: Final = "REPORT/BENCH/frameworks.md"
_METHOD: Final = f"""
- A mission is five steps over a state of just under 1000 canonical bytes; each writes one key, known beforehand, and reads
  none. It starts from a plain dict and ends with the final state as one; both lie inside the timed region.
- Whatever can be built once is: the definition here, the compiled graph in LangGraph, the graph of actions in Burr. All
  must end in the same canonical bytes and leave the initial state as it was, before the measurement and after it.
- This engine checks, encodes and hashes every state, links a hashed lineage entry for each step and gives a receipt. Its
  floor is the hashing alone: SHA-256 of the ready bytes of six states, the run header and five entries.
- LangGraph {version("langgraph")}: one channel a key. With `InMemorySaver` it serializes what changed after every step, in
  the mode `exit` only at the end. The thread is deleted after each mission.
- Burr {version("apache-burr")}: an application for each mission. `InMemoryPersister` only keeps a reference to each state;
  `SQLitePersister` on `:memory:` serializes each, and its rows are deleted after each mission. The application used
  again is set back to the initial state before each mission.
- All cases take turns in one process, round after round; each figure is the minimum of all samples. 60 rounds, a turn is
  10 ms, a sample one mission. Garbage is collected before each turn and collection is off within it; freeing counts.
- Other work on the machine meets a mission of 3 ms more often than one of 0.1 ms, and so flatters this engine: while the
  machine is busy, no report is written.
"""
_TREE: Final = Path(__file__).resolve().parents[2]
_STEPS: Final = tuple(f"s{number}" for number in range(1, 6))
_STATE_BYTES: Final = 1000
_ENGINE: Final = "this engine"
_FLOOR: Final = "floor of this engine"

State = dict[str, Any]
Mission = Callable[[], State]
"""Runs the five steps once, from the initial state to the final one."""


@attrs.frozen
class _Work:
    """
    What is to be done: a state, and one key for each step to write.
    """

    state: State
    changes: Mapping[str, tuple[str, Any]]
    """Key and new value by step."""

    @classmethod
    def over(cls, keys: int) -> "_Work":
        """
        Make a state of just under 1 KB in so many keys; each of the first five gets its neighbour's value.
        """
        states = ({f"key_{key:02}": _member(key, width) for key in range(keys)} for width in range(_STATE_BYTES, 0, -1))
        state = next(state for state in states if len(canonical(state)) <= _STATE_BYTES)
        names = list(state)
        return cls(state, {step: (names[at], state[names[at + 1]]) for at, step in enumerate(_STEPS)})

    @property
    def final(self) -> State:
        """
        The state to end in.
        """
        return self.state | dict(self.changes.values())


def _member(key: int, width: int) -> Any:
    text = f"{key:02}" + "x" * width
    return (text, [key, text], {"id": key, "name": text}, {"note": text, "ok": bool(key % 2)})[key % 4]


def _engine(work: _Work) -> dict[str, Callable[[], object]]:
    payloads = {
        step: {"operation": "set", "path": f"/{key}", "value": value} for step, (key, value) in work.changes.items()
    }
    steps = [StepSpec(step, "runtime", payload) for step, payload in payloads.items()]
    definition = WorkflowDefinition("wf-bench", steps)
    run_workflow = Orchestrator().run_workflow
    result = run_workflow(definition, ExecutionContext(work.state))
    hashed = [*(state.raw for state in result.states), result.header_bytes, *result.entry_bytes]

    def floor() -> None:
        for raw in hashed:
            sha256(raw).hexdigest()

    return {_ENGINE: lambda: run_workflow(definition, ExecutionContext(work.state)).final_state, _FLOOR: floor}


def _build_langgraph(work: _Work, saver: Any = None) -> Any:
    # The other form of TypedDict wants its keys written out.
    schema = TypedDict("schema", dict.fromkeys(work.state, Any))  # type: ignore[misc]
    builder = _langgraph.StateGraph(schema)

    def node(key: str, value: Any) -> Callable[[State], State]:
        return lambda _state: {key: value}

    before = _langgraph.START
    for step, change in work.changes.items():
        builder.add_node(step, node(*change))
        builder.add_edge(before, step)
        before = step
    builder.add_edge(before, _langgraph.END)
    return builder.compile(checkpointer=saver)


def _langgraph_missions(work: _Work) -> dict[str, Mission]:
    saver = _langgraph_memory.InMemorySaver()
    bare, saving = _build_langgraph(work), _build_langgraph(work, saver)
    thread = {"configurable": {"thread_id": "bench"}}

    def run(**options: Any) -> State:
        final: State = saving.invoke(work.state, thread, **options)
        saver.delete_thread("bench")
        return final

    return {
        "LangGraph, checkpoints in memory": run,
        "LangGraph, one checkpoint at the end": lambda: run(durability="exit"),
        "LangGraph, no checkpoints": lambda: bare.invoke(work.state),
    }


def _plain(state: Any) -> State:
    # Burr keeps its own place in the state.
    return {key: value for key, value in state.get_all().items() if not key.startswith("__")}


def _burr_missions(work: _Work) -> dict[str, Mission]:
    def act(key: str, value: Any) -> Any:
        def write(state: Any) -> Any:
            return state.update(**{key: value})

        return _burr.action(reads=[], writes=[key])(write)

    actions = {step: act(*change) for step, change in work.changes.items()}
    order = list(pairwise(_STEPS))
    graph = _burr_graph.GraphBuilder().with_actions(**actions).with_transitions(*order).build()
    database = sqlite3.connect(":memory:")
    table = _burr_persistence.SQLitePersister(":memory:", connection=database)
    table.initialize()

    def build(persister: Any = None) -> Any:
        builder = _burr.ApplicationBuilder().with_graph(graph).with_entrypoint(_STEPS[0]).with_state(**work.state)
        builder = builder.with_identifiers(app_id="bench", partition_key="bench")
        return (builder if persister is None else builder.with_state_persister(persister)).build()

    def run(application: Any) -> State:
        return _plain(application.run(halt_after=[_STEPS[-1]])[-1])

    def run_in_table() -> State:
        final = run(build(table))
        database.execute("DELETE FROM burr_state")
        return final

    used = build()

    def run_again() -> State:
        used.update_state(_burr.State(dict(work.state)))
        return run(used)

    return {
        "Burr, states in memory": lambda: run(build(_burr_persistence.InMemoryPersister())),
        "Burr, states in SQLite in memory": run_in_table,
        "Burr, no persister": lambda: run(build()),
        "Burr, no persister, application used again": run_again,
    }


def _check(work: _Work, missions: Mapping[str, Mission], initial: bytes) -> None:
    expected = canonical(work.final)
    for name, run in missions.items():
        if canonical(run()) != expected:
            sys.exit(f"{name} did not do the same work")
        if canonical(work.state) != initial:
            sys.exit(f"{name} changed the initial state")


def _measure(work: _Work) -> dict[str, float]:
    candidates = _engine(work)
    others = _langgraph_missions(work) | _burr_missions(work)
    missions: dict[str, Any] = {_ENGINE: candidates[_ENGINE], **others}
    initial = canonical(work.state)
    _check(work, missions, initial)
    seconds = least_seconds(candidates | others, rounds=60, turn_seconds=0.01)
    _check(work, missions, initial)
    return seconds


def _rates(seconds: Mapping[str, float]) -> Iterator[Row]:
    for name, each in seconds.items():
        yield Row(case=name, value=1 / each, unit="missions/s", basis=f"{shown_time(each)} a mission")


def _ratios(seconds: Mapping[str, float]) -> Iterator[Row]:
    targets = {"LangGraph, checkpoints in memory": 40, "Burr, states in memory": 20}
    for name, each in seconds.items():
        if name not in (_ENGINE, _FLOOR):
            yield ratio_row(f"{name} / {_ENGINE}", each, seconds[_ENGINE], at_least=targets.get(name))
    for name in targets:
        yield ratio_row(f"{name} / {_FLOOR}", seconds[name], seconds[_FLOOR])


def _is_busy() -> bool:
    # The bench itself makes one; up to one beside it on each processor were seen to change no ratio.
    return os.getloadavg()[0] > (os.cpu_count() or 1) + 1


def main() -> int:
    """
    Measure everything and write the report, unless the machine is busy with something else.
    """
    parser = argparse.ArgumentParser(description="Compare missions a second with LangGraph and Burr.")
    parser.add_argument("--out", type=Path, default=_TREE / _REPORT, help=f"the report (default {_REPORT})")
    out: Path = parser.parse_args().out
    tables: dict[str, list[Row]] = {}
    is_busy = _is_busy()
    for keys in (8, 30):
        seconds = _measure(_Work.over(keys))
        tables[f"1 KB in {keys} keys: missions a second"] = list(_rates(seconds))
        tables[f"1 KB in {keys} keys: how many times longer"] = list(_ratios(seconds))
        is_busy = is_busy or _is_busy()
    command = "python tests/bench/frameworks.py"
    text = render("Speed beside other frameworks", command=command, method=_METHOD, tables=tables)
    if is_busy:
        print(text)
        sys.exit("the machine is busy with something else: no report was written; run it again when it is not")
    return publish(out, text, tables)


if __name__ == "__main__":
    sys.exit(main())
