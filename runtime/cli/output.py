"""What a command prints: text for people, one JSON document for machines, an id alone for pipes.

Everything that is printed is a view, and looks like the original except for secrets. Records and notes that somebody
checks by digest or signature are printed as they are, by `emit_record`.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from runtime.cli.advice import advise
from runtime.encoding.display import shown_message, visible
from runtime.encoding.redaction import redact, redact_text
from runtime.errors import Fault, MissionEngineError
from runtime.limits import MAX_FAULTS

__all__ = ["allow_secrets_option", "emit", "emit_record", "json_option", "print_error", "say"]

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """
    Add `--json`, which prints one JSON document on stdout, errors included.
    """
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)


def allow_secrets_option(command: F) -> F:
    """
    Add `--allow-secrets`, which takes input that looks like a secret.
    """
    return click.option(
        "--allow-secrets", is_flag=True, help="Take input that looks like a secret, and keep it in the record for good."
    )(command)


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
        emit_record(redact(document))
    elif name and not sys.stdout.isatty():
        say(text, err=True)
        click.echo(name)
    else:
        say(text)


def emit_record(document: Any) -> None:  # noqa: ANN401 - JSON.
    """
    Print a document as JSON, as it is: one that is checked by digest or signature.
    """
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True))


def say(text: str, *, err: bool = False) -> None:
    """
    Print text for people, on stdout or on stderr.
    """
    click.echo(redact_text(text), err=err)


def print_error(error: MissionEngineError, *, as_json: bool) -> None:
    """
    Print what is wrong, where, and how to mend it.
    """
    where, what = redact_text(error.where), shown_message(error.what, error.where)
    remedy = shown_message(advise(error), error.where)
    faults = [Fault(shown_message(one.message, one.where), redact_text(one.where)) for one in error.faults]
    if as_json:
        told = [{"message": fault.message, "where": fault.where} for fault in faults]
        body = {"code": error.code, "what": what, "where": where, "remedy": remedy, "faults": told}
        click.echo(json.dumps({"error": body}, ensure_ascii=True, indent=2, sort_keys=True))
        return
    lines = [f"error: {what}"]
    lines += [f"  - {fault}" for fault in faults[:MAX_FAULTS]]
    if len(faults) > MAX_FAULTS:
        lines.append(f"  - … and {len(faults) - MAX_FAULTS} more")
    lines += [f"where: {where}"] if where else []
    lines += [f"mend:  {remedy}"] if remedy else []
    click.echo("\n".join(visible(line) for line in lines), err=True)
