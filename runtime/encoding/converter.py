"""Strict structuring of what comes from outside, all faults reported together; and the way back to plain JSON.

5 is not "5", "no" is not True, 1.9 is not 1, a bare string is not a list, an unknown key is a fault. Values are built
from plain JSON that `parse_json` or `canonical` accepted before. The hooks that say so are in `hooks.py`.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from runtime.errors import DefinitionError, Fault, MissionEngineError

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["KEY", "converter", "structure", "unstructure"]

T = TypeVar("T")

KEY: Final = "json_key"
"""Metadata name of an attrs field whose JSON key is not its name (`from_` is written `from`)."""


@cache
def converter() -> "Converter":
    """
    Give the package's one converter, made on first use.
    """
    # Imported here because cattrs is a third of what importing the engine would cost.
    from runtime.encoding.hooks import make_converter  # noqa: PLC0415

    return make_converter()


def structure(value: Any, kind: type[T], *, what: str, error: type[MissionEngineError] = DefinitionError) -> T:  # noqa: ANN401 - JSON enters here.
    """
    Build a value of `kind` from plain JSON.

    Args:
        value: plain JSON.
        kind: the class to build.
        what: name of the document in the message, such as `params of mission 'echo'`.
        error: class of the error raised.

    Raises:
        MissionEngineError: of class `error`, holding every fault with its path.
    """
    # Imported here for the same reason as above.
    from runtime.encoding.faults import list_faults  # noqa: PLC0415

    try:
        return converter().structure(value, kind)
    except Exception as group:
        faults: list[Fault] = list_faults(group)
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise error(f"{what}: {count}", faults=faults) from group


def unstructure(value: object) -> Any:  # noqa: ANN401 - JSON leaves here.
    """
    Give the plain JSON of a value.
    """
    return converter().unstructure(value)
