"""Measure proving, verifying, re-executing and asking what-if against their targets, and write the report.

`python tests/bench/evidence.py [--out FILE]` ends with 1 when a target is missed. Read `measure.py` for how it is measured,
and `engine.py` for the runs themselves.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any, Final

# The tree this file stands in is measured, whichever one is installed; its siblings are `bench.*` to the type checker.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.measure import least_seconds
from bench.report import Row, publish, ratio_row, render

from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import JsonObject
from runtime.evidence.bundle import Bundle
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.evidence.verify import verify_bundle
from runtime.orchestration import ExecutionContext, Orchestrator, StepSpec, WorkflowDefinition
from runtime.orchestration.preflight import prove
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.sequence import SequenceRule

_REPORT: Final = "REPORT/BENCH/evidence.md"
_METHOD: Final = """
- All cases of a table take turns in one process, round after round; each figure is the minimum of all samples: 100 rounds,
  a turn is 5 ms. Garbage is collected before each turn and collection is off within it.
- A proof is that of a workflow never seen before: steps that were read, what they can do, the walk over the paths and the
  proof are kept, so each call begins by forgetting all that was kept, packs included.
- The widest workflow is the one of five steps that has the most outcome paths: three actions that can fail or stay unknown,
  and two persons who can grant, reject and let the time run out, where a refusal does not end the run.
- All checks of a bundle are timed together, re-execution (check 10) included; each call begins by forgetting all that was
  kept, as for a stranger who checks one bundle.
- A replay executes a recorded run again and compares every byte; the run is the same one, answers given in advance.
- What-if is one whole process on one core: `mission whatif --json` over 10,000 files, each another recorded run. The other
  policy is the mission's own under another version, so every run is executed anew and none changes.
"""
_TREE: Final = Path(__file__).resolve().parents[2]
_RUNS: Final = 10_000
_STEPS: Final = 5
_CACHE: Final = type(lru_cache(prove))
_CATALOGUE: Final = {"service": {"actions": {"read": {"mode": "read"}}}}


def _widest() -> WorkflowDefinition:
    """
    Make the workflow with the most paths.
    """
    action = {"operation": "action", "connector": "service", "action": "read", "mode": "read"}
    gate = {"expires_after_ms": 1000, "on_reject": "continue"}
    return WorkflowDefinition(
        "wf-widest",
        [
            StepSpec("first", "runtime", action),
            StepSpec("ask", "human", gate),
            StepSpec("second", "runtime", action),
            StepSpec("ask_again", "human", gate),
            StepSpec("third", "runtime", action),
        ],
    )


def _list_caches() -> list[Any]:
    """
    List what the engine keeps of workflows, steps, packs and expressions from one call to the next.
    """
    parts = ("runtime.orchestration.", "runtime.policy.")
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith(parts)]
    return [value for module in modules for value in vars(module).values() if isinstance(value, _CACHE)]


def measure_proofs() -> Iterator[Row]:
    """
    Time the proof of each built-in mission of five steps, and of the widest workflow.
    """
    cases: dict[str, tuple[WorkflowDefinition, JsonObject | None, tuple[SequenceRule, ...], JsonObject]] = {
        "the widest workflow": (_widest(), None, (), JsonObject(_CATALOGUE))
    }
    for name, mission in MISSION_REGISTRY.items():
        inputs = mission.begin(mission.example.params, mission.example.context)
        if len(inputs.definition.steps) == _STEPS:
            proof: Any = inputs.proof
            cases[f"`{name}`"] = (inputs.definition, inputs.policies, mission.rules, proof["catalogue"])

    caches = _list_caches()

    def prover(definition: WorkflowDefinition, *known: Any) -> Callable[[], JsonObject]:
        policies, rules, catalogue = known

        def run() -> JsonObject:
            for cache in caches:
                cache.cache_clear()
            return prove(definition, policies=policies, rules=rules, catalogue=catalogue)

        return run

    provers = {case: prover(*known) for case, known in cases.items()}
    seconds = least_seconds(provers, rounds=100, turn_seconds=0.005)
    for case, prove_unseen in provers.items():
        basis = f"{prove_unseen()['path_count']} paths"
        yield Row(case=case, value=seconds[case] * 1e3, unit="ms", basis=basis, at_most=5)


def _record(**params: Any) -> RecordedRun:
    example = MISSION_REGISTRY["change_request"].example
    result = run_mission(
        "change_request",
        ExecutionContext(example.context.initial_state.thaw()),
        {**example.params.thaw(), **params},
        answers=example.answers,
    )
    return RecordedRun.of(result)


def measure_checks() -> Iterator[Row]:
    """
    Time all checks on a bundle that was never seen before.
    """
    raw = Bundle.of(_record()).raw
    if not verify_bundle(raw).holds:
        sys.exit("the bundle does not hold")

    caches = _list_caches()

    def check() -> object:
        for cache in caches:
            cache.cache_clear()
        return verify_bundle(raw)

    seconds = least_seconds({"checks": check}, rounds=100, turn_seconds=0.005)
    basis = f"bundle of `change_request`, {len(raw) / 1000:.1f} KB, all checks"
    yield Row(case="`verify_bundle`", value=seconds["checks"] * 1e3, unit="ms", basis=basis, at_most=10)


def measure_replays() -> Iterator[Row]:
    """
    Compare a replay with the run it repeats: a mission with a person in it, and five steps over 1 KB and over 1 MB.
    """
    recorded = _record()
    candidates: dict[str, Callable[[], object]] = {
        "`change_request`, run": lambda: _record().receipt,
        "`change_request`, replay": lambda: replay(recorded),
    }
    for size, keys, width in (("1 KB", 10, 85), ("1 MB", 1000, 985)):
        state = {f"key_{key:04}": "x" * width for key in range(keys)}
        steps = [
            StepSpec(f"s{at}", "runtime", {"operation": "set", "path": f"/key_{at:04}", "value": "y" * 80})
            for at in range(_STEPS)
        ]
        definition = WorkflowDefinition("wf-bench", steps)
        run = _runner(definition, state)
        kept = RecordedRun.of(run())
        candidates[f"{size}, run"] = run
        candidates[f"{size}, replay"] = _replayer(kept)
    seconds = least_seconds(candidates, rounds=100, turn_seconds=0.005)
    for case in ("`change_request`", "1 KB", "1 MB"):
        yield ratio_row(f"{case}: replay / run", seconds[f"{case}, replay"], seconds[f"{case}, run"], at_most=2)


def _runner(definition: WorkflowDefinition, state: dict[str, Any]) -> Callable[[], OrchestrationResult]:
    return lambda: Orchestrator().run_workflow(definition, ExecutionContext(state))


def _replayer(recorded: RecordedRun) -> Callable[[], object]:
    return lambda: replay(recorded)


def measure_what_if() -> Iterator[Row]:
    """
    Ask the command what ten thousand runs would do under the mission as it is, and under another version of its policy.
    """
    with tempfile.TemporaryDirectory() as root:
        runs = Path(root, "runs")
        runs.mkdir()
        for number in range(_RUNS):
            recorded = _record(title=f"Raise limit {number}")
            (runs / f"{recorded.receipt_digest.removeprefix('sha256:')}.json").write_bytes(recorded.raw)
        size = sum(path.stat().st_size for path in runs.iterdir()) / _RUNS
        pack = Path(root, "pack.json")
        pack.write_bytes(canonical({**MISSION_REGISTRY["change_request"].policies[0].document.thaw(), "version": "9"}))
        for case, arguments in (("as it is", []), ("under another policy", ["--policy", str(pack)])):
            taken = _ask_what_if(root, arguments)
            basis = f"{taken / _RUNS * 1e3:.2f} ms a run of {size / 1000:.1f} KB, files read and all"
            yield Row(
                case=f"`mission whatif` over {_RUNS:,} runs, {case}", value=taken, unit="s", basis=basis, at_most=60
            )


def _ask_what_if(root: str, arguments: list[str]) -> float:
    mission = Path(sys.executable).with_name("mission")
    start = perf_counter()
    done = subprocess.run(
        [str(mission), "--root", root, "whatif", "--json", *arguments],
        check=True,
        capture_output=True,
        preexec_fn=_keep_to_one_core,
    )
    taken = perf_counter() - start
    totals = json.loads(done.stdout)["totals"]
    if totals["same"] != _RUNS:
        sys.exit(f"the runs did not stay the same: {totals}")
    return taken


def _keep_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main() -> int:
    """
    Measure everything and write the report.
    """
    parser = argparse.ArgumentParser(description="Measure evidence against its speed targets.")
    parser.add_argument("--out", type=Path, default=_TREE / _REPORT, help=f"the report (default {_REPORT})")
    out: Path = parser.parse_args().out
    tables = {
        "Preflight": list(measure_proofs()),
        "Verification": list(measure_checks()),
        "Re-execution": list(measure_replays()),
        "What-if": list(measure_what_if()),
    }
    text = render("Speed of evidence", command="python tests/bench/evidence.py", method=_METHOD, tables=tables)
    return publish(out, text, tables)


if __name__ == "__main__":
    sys.exit(main())
