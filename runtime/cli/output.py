"""What a command prints: text for people, one JSON document for machines, an id alone for pipes."""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from runtime.encoding.display import visible
from runtime.errors import MissionEngineError
from runtime.limits import MAX_FAULTS

__all__ = ["emit", "json_option", "print_error"]

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """
    Add `--json`, which prints one JSON document on stdout, errors included.
    """
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)


def emit(text: str, document: Any, *, as_json: bool, name: str = "") -> None:  # noqa: ANN401 - JSON.
    """
    Print the outcome of a command.

    Args:
        text: for people. When stdout is no terminal and there is a name, it goes to stderr.
        document: for `--json`.
        as_json: whether that was asked for.
        name: the id of what was made; alone on stdout in a pipe.
    """
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True))
    elif name and not sys.stdout.isatty():
        click.echo(text, err=True)
        click.echo(name)
    else:
        click.echo(text)


def print_error(error: MissionEngineError, *, as_json: bool) -> None:
    """
    Print what is wrong, where, and how to mend it.
    """
    if as_json:
        faults = [{"message": fault.message, "where": fault.where} for fault in error.faults]
        body = {"code": error.code, "what": error.what, "where": error.where, "remedy": error.remedy, "faults": faults}
        click.echo(json.dumps({"error": body}, ensure_ascii=True, indent=2, sort_keys=True))
        return
    lines = [f"error: {error.what}"]
    lines += [f"  - {fault}" for fault in error.faults[:MAX_FAULTS]]
    if len(error.faults) > MAX_FAULTS:
        lines.append(f"  - … and {len(error.faults) - MAX_FAULTS} more")
    lines += [f"where: {error.where}"] if error.where else []
    lines += [f"mend:  {error.remedy}"] if error.remedy else []
    click.echo("\n".join(visible(line) for line in lines), err=True)
