"""Small inputs that ask for much time or memory; run by name in a process with limits: `python bombs.py NAME`.

Prints `refused CODE`, or the status of the run. Each would take minutes or gigabytes if anything in it multiplied.
"""

import contextlib
import math
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from makers import make_decision, make_gate, make_step, nested, run
from profiling import ENVIRONMENT, NATIVE, write

from runtime.encoding.canonical import canonical
from runtime.encoding.jsontext import parse_json
from runtime.errors import MissionEngineError
from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import run_mission
from runtime.profiles.loading import read_environment, read_profile

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 10


def doubled(times: int, *, tuples: bool = False) -> Any:
    """
    Make a value of few containers, each held twice by the next.
    """
    value: Any = [0]
    for _ in range(times):
        value = (value, value) if tuples else [value, value]
    return value


def decide(schema: dict[str, Any], given: Any) -> str:
    """
    Give an input to a gate that checks it by a schema.
    """
    return run({}, make_gate(input_schema=schema), answers=[make_decision(input=given)]).status


def summarize(count: int, measure: dict[str, Any], items: list[Any]) -> str:
    """
    Measure a list in many ways.
    """
    measures = {f"m{index}": measure for index in range(count)}
    return run({"a": items}, make_step("s", "summarize", from_="/a", path="/b", measures=measures)).status


def follow(operation: str, items: list[Any], **payload: Any) -> str:
    """
    Follow a rule over a list.
    """
    state = {"a": items, "n": list(range(90))}
    return run(state, make_step("s", operation, from_="/a", path="/b", **payload)).status


def repeat(operation: str, path: str) -> str:
    """
    Put a state into itself, five times.
    """
    steps = [make_step(f"s{index}", operation, path=path, from_="/a") for index in range(5)]
    return run({"a": [0] * 300_000}, *steps).status


def below_long_keys(value: Any) -> Any:
    """
    Put a value below 60 long keys.
    """
    for _ in range(60):
        value = {"k" * 80: value}
    return value


def profile_of_texts(**changes: str) -> str:
    """
    Read a profile some of whose documents are bombs.
    """
    with tempfile.TemporaryDirectory() as folder:
        return read_profile(write(Path(folder), **changes), label="P").name


def environment_of_text(text: str) -> str:
    """
    Read an environment that is a bomb.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "env.yaml"
        path.write_text(text)
        return read_environment(path).id


def laughs(levels: int) -> str:
    """
    Write anchors that are each ten of the one before.
    """
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def group_of(count: int) -> str:
    """
    Write an environment with one group of many.
    """
    members = "\n".join(f"      - m{number}" for number in range(count))
    return ENVIRONMENT.replace("    members: [mail-1, mail-2]\n", f"    members:\n{members}\n")


BOMBS: dict[str, Callable[[], Any]] = {
    "a list in itself, doubled, as a context": lambda: ExecutionContext(doubled(60)),
    "a list in itself, doubled, in a context": lambda: ExecutionContext({"a": doubled(60)}),
    "a tuple in itself, doubled, in a context": lambda: ExecutionContext({"a": doubled(60, tuples=True)}),
    "a tuple in itself, doubled, as a name": lambda: run_mission(doubled(60, tuples=True), ExecutionContext()),
    "a tuple in itself, doubled, as a mode": lambda: run({}, make_step(), mode=doubled(60, tuples=True)),
    "a tuple in itself, doubled, as an answer": lambda: run({}, make_step(), answers=[doubled(60, tuples=True)]),
    "one large text ten thousand times": lambda: ExecutionContext({"a": ["x" * 1_000_000] * 10_000}),
    "one large text ten thousand times, as metadata": lambda: ExecutionContext({}, {"a": ["x" * 1_000_000] * 10_000}),
    "one large text ten thousand times, as params": lambda: run_mission(
        "echo", ExecutionContext(), {"a": ["x" * 1_000_000] * 10_000}
    ),
    "a fault behind many values below long keys": lambda: canonical(below_long_keys([0] * 300_000 + [math.nan])),
    "a fault in a text, behind many values below long keys": lambda: parse_json(
        ('{"%s":' % ("k" * 80)) * 60 + "[" + "0," * 300_000 + "NaN]" + "}" * 60
    ),
    "a duplicate among a hundred thousand keys": lambda: parse_json(
        "{" + "".join(f'"{index}":0,' for index in range(100_000)) + '"0":1}'
    ),
    "a duplicate beside many values below a long key": lambda: parse_json(
        '{"' + "k" * 1_000_000 + '":[' + "0," * 20_000 + '0],"a":1,"a":2}'
    ),
    "text nested a million deep": lambda: parse_json("[" * 1_000_000),
    "a list nested a million deep": lambda: ExecutionContext({"a": nested(1_000_000)}),
    "an integer of a million digits": lambda: parse_json("1" * 1_000_000),
    "a fraction of a million digits": lambda: parse_json("0." + "1" * 1_000_000),
    "a schema that requires names of two types": lambda: decide({"required": [*map(str, range(60_000)), 1]}, {}),
    "a schema of types that are none": lambda: decide({"type": [*map(str, range(60_000)), 1]}, {}),
    "an enum for every item": lambda: decide({"items": {"enum": list(range(6_000))}}, list(range(-5_000, 0))),
    "a thousand schemas for every item": lambda: decide(
        {"items": {"allOf": [{"type": "integer"}] * 990}}, list(range(100_000))
    ),
    "two thousand members for every item": lambda: decide(
        {"items": {"required": [f"m{index}" for index in range(2_000)]}}, [{}] * 2_000
    ),
    "a large input against a thousand schemas": lambda: decide({"anyOf": [{"type": "string"}] * 990}, [0] * 400_000),
    "a list of every item, ten thousand times": lambda: summarize(10_000, {"kind": "list", "of": ""}, [0] * 50_000),
    "one large item, ten thousand times": lambda: summarize(10_000, {"kind": "list", "of": ""}, ["x" * 1_000_000]),
    "the greatest of large items, a thousand times": lambda: summarize(
        1_000, {"kind": "max", "of": ""}, [["x" * 10_000]] * 1_000
    ),
    "a count of every item, twenty thousand times": lambda: summarize(
        20_000, {"kind": "count", "of": ""}, [0] * 20_000
    ),
    "a costly condition for each of many": lambda: follow(
        "select", [0] * 500_000, where="item.a || item.b || item.c || n.all(x, x >= 0)"
    ),
    "sixteen orders of many": lambda: follow("select", [[0]] * 50_000, order_by=[{"of": ""}] * 16),
    "sixteen reasons for each of many": lambda: follow(
        "prioritize", [0] * 110_000, score=[{"kind": "number", "of": "", "weight": 1}] * 16
    ),
    "one large text, told sixteen times for each of many": lambda: follow(
        "prioritize",
        ["x" * 15_000] * 1_000,
        score=[{"kind": "rank_of", "of": "", "order": ["x" * 15_000], "weight": 1}] * 16,
    ),
    "a rank for each of many": lambda: follow("prioritize", [0] * 1_000_000, score="item"),
    "anchors of anchors in a profile": lambda: profile_of_texts(workflows__look=laughs(12)),
    "a document nested deep": lambda: profile_of_texts(workflows__look="[" * 200_000),
    "a document of many small parts": lambda: profile_of_texts(workflows__look="[" + "0," * 60_000 + "0]"),
    "many documents of many small parts": lambda: profile_of_texts(
        **{f"intents__i{number}": "[" + "0," * 500 + "0]" for number in range(110)}
    ),
    "a workflow of many steps": lambda: profile_of_texts(
        workflows__look="schema: profile-workflow/v1\nid: look\nsteps:\n"
        + "".join(f"  - {{id: s{number}, type: evidence, action: a}}\n" for number in range(2_500))
    ),
    "one reference many times": lambda: profile_of_texts(
        workflows__look=NATIVE["workflows/look.yaml"].replace('"${target.members}"', '"' + "${target.id}" * 9_000 + '"')
    ),
    "a text of opened references": lambda: profile_of_texts(
        workflows__look=NATIVE["workflows/look.yaml"].replace('"${target.members}"', '"' + "${" * 60_000 + '"')
    ),
    "params whose schema multiplies": lambda: profile_of_texts(
        intents__restart=NATIVE["intents/restart.yaml"].replace(
            "reason: {type: string, maxLength: 200}",
            "reason: {anyOf: [" + ", ".join(["{anyOf: [{type: string}, {type: 'null'}]}"] * 1_000) + "]}",
        )
    ),
    "a group of many members": lambda: environment_of_text(group_of(8_000)),
    "an environment of many targets": lambda: environment_of_text(
        ENVIRONMENT.replace(
            "targets:\n", "targets:\n" + "".join(f"  t{number}: {{type: vm}}\n" for number in range(6_000))
        )
    ),
    "an environment of many windows": lambda: environment_of_text(
        ENVIRONMENT + '    - {start: "01:00", end: "02:00"}\n' * 3_000
    ),
    "a list appended to itself": lambda: repeat("append", "/a"),
    "a list set into itself": lambda: repeat("set", "/a/0"),
}


def main(name: str) -> None:
    """
    Run one, within the limits.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    with contextlib.suppress(ValueError, OSError):  # Not every system limits memory.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        ended = str(BOMBS[name]())
    except MissionEngineError as error:
        ended = f"refused {error.code}"
    sys.stdout.write(ended if len(ended) < 40 else "accepted")


if __name__ == "__main__":
    main(sys.argv[1])
