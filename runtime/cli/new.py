"""`mission new`: three files to start from, which pass as they are."""

import importlib.util
import keyword
import sys
from pathlib import Path
from typing import Final

import click

from runtime.cli.new_files import new_files
from runtime.cli.output import emit, json_option
from runtime.cli.store import near
from runtime.errors import DefinitionError, StorageError, UsageError, shown
from runtime.orchestration.mission import is_mission_name
from runtime.orchestration.registry import ENTRY_POINT_GROUP, MISSION_REGISTRY

__all__ = ["new"]

_WORDS_OF_PYTEST: Final = ("conftest", "pytest")
"""Names the test of the new mission could not be run beside."""


@click.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to write. Default: the working directory.",
)
@json_option
def new(name: str, directory: Path, *, as_json: bool) -> None:
    """
    Write a mission with a test and an example, to start from.

    Nothing that exists is written over.
    """
    if not is_mission_name(name):
        raise DefinitionError(
            f"mission name {shown(name)}", remedy="use lower-case letters, digits and _, as in daily_loop"
        )
    if name in MISSION_REGISTRY:
        raise DefinitionError(f"the name {shown(name)} is taken", remedy="choose another; mission list shows them all")
    if (
        keyword.iskeyword(name)
        or name in (*sys.stdlib_module_names, *_WORDS_OF_PYTEST)
        or importlib.util.find_spec(name) is not None  # The new file would hide it.
    ):
        raise DefinitionError(f"the name {shown(name)} is that of a Python module or word", remedy="choose another")
    files = {directory / file: text for file, text in new_files(name).items()}
    try:
        taken = [near(path.absolute()) for path in files if path.exists()]
        if taken:
            raise UsageError(f"{taken} exist already", remedy="choose another name or --directory")
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise StorageError(
            f"cannot write: {error.strerror}", where=str(directory), remedy="give a --directory that can be written"
        ) from error
    names = [near(path.absolute()) for path in files]
    text = "\n".join(
        [
            *(f"wrote {written}" for written in names),
            f"try it:      python -m pytest {names[1]}  (after: pip install pytest)",
            "make it known to `mission`, in the pyproject.toml of a package of yours:",
            f'  [project.entry-points."{ENTRY_POINT_GROUP}"]',
            f'  {name} = "{name}:MISSION"',
        ]
    )
    emit(text, {"name": name, "files": names}, as_json=as_json)
