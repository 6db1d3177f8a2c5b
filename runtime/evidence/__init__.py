"""What a finished run leaves for a stranger: the recorded run, and the replay that checks it."""

from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import Difference, find_difference, replay

__all__ = ["Difference", "RecordedRun", "find_difference", "replay"]
