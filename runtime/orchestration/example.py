"""The example a mission carries: a complete input, run by the suite and by whoever tries the mission out."""

from typing import final

import attrs

from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.orchestration.checkpoint import Mode, read_answers
from runtime.orchestration.definitions import ExecutionContext
from runtime.values.answers import Answer
from runtime.values.checks import of_type

__all__ = ["Example"]


def _mode(name: Mode | str) -> Mode:
    return Mode.of(name)


@final
@attrs.frozen(kw_only=True)
class Example:
    """
    A complete input: params, a context, the answers that drive the run to its end, and the mode it needs.
    """

    params: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object)
    context: ExecutionContext = attrs.field(factory=ExecutionContext, validator=of_type(ExecutionContext))
    answers: tuple[Answer, ...] = attrs.field(default=(), converter=read_answers)
    mode: Mode = attrs.field(default=Mode.OBSERVE, converter=_mode)
