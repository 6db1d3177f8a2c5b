"""What can be done at the command line about an error, where its own remedy cannot know.

The core names what it expected. Which command takes what a user has instead is known here alone. It must not change
what an error says is wrong, nor where.
"""

from typing import Final

from runtime.errors import MissionEngineError, shown

__all__ = ["advise"]

_TAKEN_BY: Final = {
    "bundle/v1": "this is a bundle: mission verify checks it",
    "checkpoint/v1": "this is a checkpoint, of a run that waits: mission approve and mission reject decide it",
    "recorded-run/v1": "this is a recorded run: mission replay checks it, mission bundle makes a bundle of it",
    "trust/v1": "this is a trust file: mission verify takes it with --trust",
}
_BY_CODE: Final = {
    "invalid_answer": "give what the step allows; mission approve takes it from --as, --choice, --input and --sign",
    "invalid_params": "mission show NAME says what a mission takes",
}


def advise(error: MissionEngineError) -> str:
    """
    Give the remedy of an error, with the command that takes what the user has.
    """
    for schema, advice in _TAKEN_BY.items():
        if error.what == f"schema {shown(schema)}":
            return f"{error.remedy}; {advice}"
    return error.remedy or _BY_CODE.get(error.code, "")
