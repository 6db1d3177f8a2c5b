"""`mission verify`: checks a bundle, from whomever it comes. It needs the file alone, and the checker's own trust file."""

from importlib.resources import files
from pathlib import Path

import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.folder import write_file
from runtime.cli.inputs import read_file_argument
from runtime.cli.output import emit, json_option
from runtime.cli.verify_words import show_verification
from runtime.evidence.page.page import build_page
from runtime.evidence.trust import Trust
from runtime.evidence.verify import verify_bundle

__all__ = ["verify"]


def _print_verifier(context: click.Context, _: click.Parameter, is_wanted: bool) -> None:  # noqa: FBT001 - as click calls it.
    if is_wanted and not context.resilient_parsing:
        click.echo(files("runtime.evidence").joinpath("mission_verify.py").read_bytes(), nl=False)
        context.exit()


@click.command()
@click.argument("file")
@click.option("--trust", "trust_file", metavar="FILE", help="Trust file: whose keys and which workflows you trust.")
@click.option("--require", metavar="1,2,...", help="Numbers of the checks that must be re-checked, and no others.")
@click.option("--html", type=click.Path(path_type=Path), help="File for the report as a page; none is written over.")
@click.option(
    "--print-verifier",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_verifier,
    help="Print a program that checks bundles without this package, and stop.",
)
@json_option
def verify(file: str, trust_file: str | None, require: str | None, html: Path | None, *, as_json: bool) -> int:
    """
    Verify a bundle: every check by its number, and what is not proven.

    FILE comes from anybody; nothing else is read, and no effect is performed. Without --trust nobody's word counts, and
    what rests on a key is only asserted. Status 0: every required check is re-checked. Status 1: one is not. Status 2:
    the file is no bundle.
    """
    trust = None
    if trust_file is not None:
        trust = Trust.from_bytes(read_file_argument(trust_file, "--trust"), source=trust_file)
    chosen = None if require is None else [number.strip() for number in require.split(",")]
    raw = read_file_argument(file, "FILE")
    verification = verify_bundle(raw, trust=trust, require=chosen, source="standard input" if file == "-" else file)
    if html is not None:
        write_file(html, build_page(verification))
    emit(show_verification(verification), verification.to_dict(), as_json=as_json)
    return ExitCode.HOLDS if verification.holds else ExitCode.ENDED_BADLY
