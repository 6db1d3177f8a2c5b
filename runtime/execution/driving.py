"""Drives the attempts of one action with calls and waits that block. The async driver is in `asynchronous.py`."""

from collections.abc import Callable

from runtime.execution.attempts import Steps
from runtime.execution.calling import Call, Ended, wait_failure

__all__ = ["drive_steps"]


def drive_steps(steps: Steps, perform: Callable[[Call], Ended], sleep: Callable[[float], object]) -> None:
    """
    Answer what the attempts ask for until they are through.
    """
    answer: Ended | None = None
    try:
        while True:
            asked = steps.send(answer)
            answer = None
            if isinstance(asked, Call):
                answer = perform(asked)
                continue
            try:
                sleep(asked)
            except Exception as error:  # noqa: BLE001 - foreign code; without waiting nothing is tried again.
                steps.throw(wait_failure(error))
    except StopIteration:
        return
    finally:
        steps.close()  # Where the driver was interrupted, the key of the action is left as unknown.
