"""Small input never costs much: each bomb ends within a process's limits of time and memory."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bombs import BOMBS

from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import run_mission

TESTS = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    """
    It is refused, or the run ends; within one gibibyte and a few seconds.
    """
    done = subprocess.run(
        [sys.executable, str(TESTS / "bombs.py"), name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
    )
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-300:]}"
    assert done.stdout


def _run_large(title: str) -> int:
    """
    Run a workflow of many small objects, and count the blocks of memory in use after it.
    """
    params = {"title": title, "requested_by": "grace", "patch": {"a": [{}] * 50_000}}
    run_mission("change_request", ExecutionContext({"config": {}}), params)
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.slow
def test_large_workflows_are_not_kept() -> None:
    """
    What is remembered between runs does not grow with the size of the workflows that were run.
    """
    before = _run_large("first")
    after = max(_run_large(f"number {index}") for index in range(4))
    assert after - before < 50_000
