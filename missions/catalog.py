"""The list of built-in missions, in no particular order; the registry sorts them."""

from typing import Final

from missions.change_request import CHANGE_REQUEST
from missions.echo import ECHO
from runtime.orchestration.mission import Mission

__all__ = ["BUILT_IN_MISSIONS"]

BUILT_IN_MISSIONS: Final[tuple[Mission, ...]] = (CHANGE_REQUEST, ECHO)
