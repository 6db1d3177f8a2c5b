"""What a finished run leaves for a stranger: the recorded run, and the replay that checks it."""

from runtime.evidence.behaviour import Change
from runtime.evidence.compare import Comparison, Finding, Foresight, compare, what_if
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import Difference, find_difference, replay

__all__ = [
    "Change",
    "Comparison",
    "Difference",
    "Finding",
    "Foresight",
    "RecordedRun",
    "compare",
    "find_difference",
    "replay",
    "what_if",
]
