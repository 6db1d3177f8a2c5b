"""How things are measured: interleaved rounds in one process, and the least of them.

Noise only ever adds time, so the least of many samples is the nearest to the cost of the code. Load beside the bench does
not slow everything alike, so all that belongs to one table takes turns over many seconds: each candidate meets quiet
moments, and no case is measured inside one slow spell.
"""

import gc
import os
import subprocess
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter

__all__ = ["least_process_seconds", "least_seconds", "peak_bytes"]


def least_seconds(
    candidates: Mapping[str, Callable[[], object]], *, rounds: int, batch: int = 1, turn_seconds: float = 0
) -> dict[str, float]:
    """
    Time candidates against each other, without garbage collection inside the timed regions.

    Args:
        candidates: functions by name; each is called once before the first round.
        rounds: in each round every candidate has one turn, in the order given.
        batch: calls timed together as one sample.
        turn_seconds: a turn takes samples until so much time has passed, and at least one.

    Returns:
        Seconds of one call, from the fastest sample of each.
    """
    for call in candidates.values():
        call()
    least = dict.fromkeys(candidates, float("inf"))
    gc_was_on = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, call in candidates.items():
                gc.collect()
                least[name] = min(least[name], _least_of_turn(call, batch, turn_seconds))
    finally:
        if gc_was_on:
            gc.enable()
    return least


def _least_of_turn(call: Callable[[], object], batch: int, turn_seconds: float) -> float:
    least = float("inf")
    now = perf_counter()
    end = now + turn_seconds
    while True:
        start = now
        for _ in range(batch):
            call()
        now = perf_counter()
        least = min(least, (now - start) / batch)
        if now >= end:
            return least


def peak_bytes(call: Callable[[], object]) -> int:
    """
    Give the most memory that a call held at once, its result included and what stood before left out.
    """
    call()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak - before


def least_process_seconds(commands: Mapping[str, Sequence[str]], *, rounds: int, folder: Path) -> dict[str, float]:
    """
    Time whole processes against each other, with byte code cached, started in a folder.

    Raises:
        CalledProcessError: one failed.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def start(command: Sequence[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)

    return least_seconds({name: start(command) for name, command in commands.items()}, rounds=rounds)
