"""Measure executions beside tenacity, and how soon a hung executor gives control back; write the report.

`python tests/bench/execution.py [--out FILE]` ends with 1 when a target is missed.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

# The tree this file stands in is measured, whichever one is installed; its siblings are `bench.*` to the type checker.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from importlib import import_module

from bench.measure import least_seconds
from bench.report import Row, publish, ratio_row, render, shown_time

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import ExecutionPolicy, TimeoutPolicy, execute

_REPORT: Final = "REPORT/BENCH/execution.md"
_METHOD: Final = """
- Calls take turns in one process, 60 rounds of 10 ms; each figure is the minimum of all samples, one sample the mean of
  200 calls. Garbage is collected before each turn and collection is off within it.
- The executor does nothing and succeeds, there is no time limit, and the policy and the retrying function are made
  before. tenacity: `@retry(stop=stop_after_attempt(4))` around a function that calls the same executor.
- A hung executor has a limit of 50 ms. Each figure is the median of 15 calls; in process isolation the call, and that no
  process of the executor's id is left, are timed together.
"""
_TREE: Final = Path(__file__).resolve().parents[2]
_LIMIT_MS: Final = 50
_ROUNDS: Final = 15
_DECISION: Final = FinalDecision(Action.ACT)


def _succeed(_: Action, __: dict[str, Any]) -> tuple[bool, str | None]:
    return True, None


def measure_calls() -> Iterator[Row]:
    """
    Compare a success and a denial with tenacity.
    """
    tenacity = import_module("tenacity")  # Only the environment of the bench has it.
    policy = ExecutionPolicy(timeout=TimeoutPolicy(None, None))
    free: dict[str, Any] = {"ops_deny_actions": False}
    stopped: dict[str, Any] = {"ops_deny_actions": True}

    @tenacity.retry(stop=tenacity.stop_after_attempt(4))  # type: ignore[untyped-decorator]  # loaded by name.
    def retried() -> tuple[bool, str | None]:
        return _succeed(Action.ACT, free)

    candidates: dict[str, Callable[[], Any]] = {
        "success": lambda: execute(_DECISION, free, policy, _succeed),
        "denial": lambda: execute(_DECISION, stopped, policy, _succeed),
        "tenacity": retried,
    }
    if candidates["success"]().success_count != 1 or candidates["denial"]().denied_count != 1:
        sys.exit("an execution did not end as it should")
    seconds = least_seconds(candidates, rounds=60, batch=200, turn_seconds=0.01)
    yield ratio_row("tenacity / a success", seconds["tenacity"], seconds["success"], at_least=3)
    yield ratio_row("tenacity / a denial by the kill switch", seconds["tenacity"], seconds["denial"], at_least=10)


def measure_hangs() -> Iterator[Row]:
    """
    Time how soon control is back, and the process gone.
    """
    for isolation, most in (("thread", 60), ("process", 200)):
        times = sorted(_hang(isolation) for _ in range(_ROUNDS))
        median = times[len(times) // 2]
        basis = f"{shown_time(times[0])} to {shown_time(times[-1])}"
        yield Row(case=f"{isolation}, limit {_LIMIT_MS} ms", value=median * 1000, unit="ms", basis=basis, at_most=most)


def _hang(isolation: str) -> float:
    gate = threading.Event()
    policy = ExecutionPolicy(timeout=TimeoutPolicy(_LIMIT_MS, None, isolation))
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "pid"

        def hang(_: Action, __: dict[str, Any]) -> Any:
            if isolation == "process":
                note.write_text(str(os.getpid()))
                signal.pause()
            gate.wait()

        begun = time.perf_counter()
        report = execute(_DECISION, {}, policy, hang)
        if isolation == "process":
            _await_end(int(note.read_text()))
        ended = time.perf_counter()
        gate.set()
    if not report.fail_closed:
        sys.exit("an execution did not end as it should")
    return ended - begun


def _await_end(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return


def main() -> int:
    """
    Measure everything and write the report.
    """
    parser = argparse.ArgumentParser(description="Measure executions of decided actions.")
    parser.add_argument("--out", type=Path, default=_TREE / _REPORT, help=f"the report (default {_REPORT})")
    out: Path = parser.parse_args().out
    tables = {"Calls beside tenacity": list(measure_calls()), "A hung executor": list(measure_hangs())}
    text = render("Speed of executions", command="python tests/bench/execution.py", method=_METHOD, tables=tables)
    return publish(out, text, tables)


if __name__ == "__main__":
    sys.exit(main())
