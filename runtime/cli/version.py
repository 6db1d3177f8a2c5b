"""`mission version`."""

import platform

import click

from runtime import __version__
from runtime.cli.output import emit, json_option
from runtime.orchestration.lineage import ENGINE_VERSION

__all__ = ["version"]


@click.command()
@json_option
def version(*, as_json: bool) -> None:
    """
    Show the versions that decide what a run does.
    """
    python = platform.python_version()
    document = {"version": __version__, "engine": ENGINE_VERSION, "python": python}
    text = f"mission-runtime {__version__}\nexecution rules {ENGINE_VERSION}\nPython {python}"
    emit(text, document, as_json=as_json)
