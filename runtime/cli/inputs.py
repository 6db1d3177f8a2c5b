"""Reading what a user hands over: JSON files, JSON on the command line, standard input."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runtime.encoding.canonical import JsonValue
from runtime.encoding.jsontext import parse_json
from runtime.errors import EncodingError, Fault, InvalidAnswerError, UsageError, shown
from runtime.limits import MAX_RECORD_BYTES
from runtime.orchestration.definitions import ExecutionContext
from runtime.policy.pack import PolicyPack
from runtime.policy.packfile import read_pack
from runtime.values.answers import Answer

__all__ = [
    "is_file",
    "read_answers",
    "read_context",
    "read_file_argument",
    "read_json_argument",
    "read_json_file",
    "read_policies",
]


def read_json_argument(text: str | None, option: str) -> JsonValue:
    """
    Read JSON given on the command line, or from a file as `@FILE`, or `@-` for standard input; None stays None.

    Raises:
        UsageError: the file cannot be read, or it is named without the `@`.
        EncodingError: it is not JSON.
    """
    if text is None:
        return None
    if text.startswith("@"):
        return read_json_file(text[1:], option)
    try:
        return parse_json(text, source=option)
    except EncodingError as error:
        if is_file(Path(text)):
            raise UsageError(
                f"{option} {shown(text)} is a file, not JSON", remedy=f"put @ before it: {option} @{text}"
            ) from error
        raise


def read_context(path: str | None) -> ExecutionContext:
    """
    Read the JSON object a run starts from; without a file it is empty.

    Raises:
        UsageError: the file cannot be read, or does not hold an object.
        EncodingError: it does not hold JSON.
    """
    if path is None:
        return ExecutionContext()
    document = read_json_file(path, "--context")
    if type(document) is not dict:
        raise UsageError(
            f"a context that is {type(document).__name__} {shown(document)}", where=path, remedy="give a JSON object"
        )
    return ExecutionContext(document)


def read_answers(path: str | None) -> list[Answer]:
    """
    Read a JSON list of answers, or a single one.

    Raises:
        UsageError: some are no answers; every fault is listed.
    """
    if path is None:
        return []
    document = read_json_file(path, "--answers")
    answers, faults = [], []
    for index, item in enumerate(document if type(document) is list else [document]):
        try:
            answers.append(Answer.from_dict(item))
        except InvalidAnswerError as error:
            faults += [Fault(fault.message, f"[{index}].{fault.where}".rstrip(".")) for fault in error.faults]
    if faults:
        raise UsageError("answers that cannot be read", where=path, faults=faults)
    return answers


def read_policies(paths: Iterable[str]) -> list[PolicyPack]:
    """
    Read policy packs, each from a file.

    Raises:
        UsageError: a file cannot be read.
        PolicyError: one holds no pack; every fault is listed with its line.
    """
    return [read_pack(read_file_argument(path, "--policy"), source=path) for path in paths]


def read_json_file(path: str, option: str) -> Any:  # noqa: ANN401 - JSON.
    """
    Read a JSON file; `-` is standard input.

    Raises:
        UsageError: it cannot be read.
        EncodingError: it does not hold JSON.
    """
    return parse_json(read_file_argument(path, option), source="standard input" if path == "-" else path)


def read_file_argument(path: str, option: str) -> bytes:
    """
    Read a file that an option names; `-` is standard input. Of one that is too large no more is read than shows that.

    Raises:
        UsageError: it cannot be read.
    """
    if path == "-" and sys.stdin is None:
        raise UsageError(f"{option} '-' cannot be read: standard input is closed", remedy="name a file")
    try:
        if path == "-":
            return sys.stdin.buffer.read(MAX_RECORD_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(MAX_RECORD_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        remedy = "give a file that is there and can be read"
        if path.lstrip().startswith(("{", "[")):
            remedy = f"put the JSON into a file, or pipe it in: echo JSON | mission … {option} -"
        raise UsageError(f"{option} {shown(path)} cannot be read: {reason}", remedy=remedy) from error


def is_file(path: Path) -> bool:
    """
    Tell whether a file stands there; a name that no file can have is none.
    """
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
