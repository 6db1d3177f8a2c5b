"""Runs every built-in mission's example and prints all bytes that must not depend on where or when it ran.

Started by the tests in processes with other hash seeds, time zones, locales, directories and Pythons.
"""

import json
import sys

from runtime.encoding.canonical import canonical
from runtime.evidence import RecordedRun
from runtime.evidence.exports import ReviewAssertions, export_review_bundle
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

HARD = {
    "é": 1,
    "\U0001f600": [1.5, 2.0, 1e-7, -0.0, 123456789.125],
    "ﬀ": {"z": None, "a": True, "": "\u2028"},
    "big": {f"key{index}": [index, str(index)] for index in range(3000)},
}

ASSERTED = ReviewAssertions(
    operator="gr\xe2ce",
    target_host="web.example.org",
    started_at="2026-05-14T20:54:00Z",
    ended_at="2026-05-14T20:55:00Z",
)


def main() -> None:
    """
    Print one JSON document.
    """
    found = {"canonical": canonical(HARD).hex()}
    for name, mission in MISSION_REGISTRY.items():
        example = mission.example
        waiting = run_mission(name, example.context, example.params, mode=example.mode) if example.answers else None
        result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        found[name] = RecordedRun.of(result).raw.decode()
        bundle = export_review_bundle(RecordedRun.of(result), ASSERTED)
        found[f"{name} exported"] = "".join(raw.decode() for raw in bundle.values())
        found[f"{name} waiting"] = waiting.inputs.raw.decode() if waiting else ""
    sys.stdout.write(json.dumps(found, sort_keys=True))


if __name__ == "__main__":
    main()
