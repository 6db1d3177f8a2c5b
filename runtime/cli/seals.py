"""`mission seals`: what of a run is sealed, handing it over, and erasing it."""

from pathlib import Path
from typing import Final

import click

from runtime.cli.folder import write_file
from runtime.cli.inputs import read_json_file
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store, near
from runtime.cli.vaults import open_vault
from runtime.encoding.digest import is_digest
from runtime.encoding.display import visible
from runtime.errors import (
    IntegrityError,
    SealMismatchError,
    UnknownRunError,
    UnknownSealError,
    UsageError,
    shown,
)
from runtime.evidence.sealed import list_seals
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.sealed_inputs import run_digest_of
from runtime.values.seals import verify_disclosure

__all__ = ["seals"]

_SHORTEST: Final = 4


@click.group(no_args_is_help=False)
def seals() -> None:
    """
    List, disclose and erase what runs have sealed.

    What opens the seals of a run is kept, encrypted, in vault/ under the root directory. RUN is a recorded run or a
    checkpoint: a file, or the start of its digest. SEAL is the start of the digest of a seal.
    """


@seals.command("list")
@click.argument("run")
@json_option
@click.pass_obj
def list_command(root: Path | None, run: str, *, as_json: bool) -> None:
    """
    List the seals of a run, and whether they can be opened here.
    """
    store = Store.locate(root)
    checkpoint = _load(store, run)
    vault, digest = open_vault(store), run_digest_of(checkpoint)
    lines, found = [], []
    for seal, places in list_seals(checkpoint).items():
        is_kept = is_digest(seal) and vault.holds(digest, seal)
        found.append({"seal": seal, "places": places, "is_kept": is_kept})
        lines.append(f"{visible(seal)}  {'can be opened' if is_kept else 'cannot be opened here'}")
        lines += [f"  {visible(place)}" for place in places]
    emit("\n".join(lines) or "no seals", {"run_digest": digest, "seals": found}, as_json=as_json)


@seals.command()
@click.argument("run")
@click.argument("seal")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write, for its owner alone; none is written over."
)
@json_option
@click.pass_obj
def disclose(root: Path | None, run: str, seal: str, out: Path | None, *, as_json: bool) -> None:
    """
    Hand over what opens a seal: path, opening and value.

    Whoever has the record has the value, and can check that it is the one that was sealed.
    """
    store = Store.locate(root)
    checkpoint = _load(store, run)
    name = _find(checkpoint, seal)
    found = open_vault(store).find(run_digest_of(checkpoint), name)
    if found is None:
        raise UnknownSealError(
            f"no opening of {name} is kept here",
            where=near(store.root),
            remedy="it was erased, or the run was sealed in another root directory",
        )
    if out is None:
        click.echo(found.raw)
        return
    write_file(out, found.raw, mode=0o600)
    document = {"seal": name, "path": found.path, "file": near(out)}
    text = f"wrote {visible(near(out))}: opens {name}\ncheck it with: mission seals check {visible(near(out))}"
    emit(text, document, as_json=as_json)


@seals.command()
@click.argument("run")
@click.argument("seal")
@click.option("--yes", is_flag=True, help="Really; it cannot be undone.")
@json_option
@click.pass_obj
def erase(root: Path | None, run: str, seal: str, *, yes: bool, as_json: bool) -> None:
    """
    Delete what opens a seal, for good.

    The run still verifies and gives the same bytes again. Copies of the vault, disclosures that were handed over, and
    what a disk keeps of bytes that were overwritten are not reached.
    """
    store = Store.locate(root)
    checkpoint = _load(store, run)
    name = _find(checkpoint, seal)
    if not yes:
        raise UsageError("erasing cannot be undone", where=name, remedy="add --yes if you mean it")
    was_there = open_vault(store).erase(run_digest_of(checkpoint), name)
    text = f"{name}: " + (
        "erased; backups, disclosures and what the disk itself keeps are not reached"
        if was_there
        else "nothing was kept here"
    )
    emit(text, {"seal": name, "erased": was_there}, as_json=as_json)


@seals.command()
@click.argument("disclosure")
@click.option("--run", help="A run that must hold the seal.")
@json_option
@click.pass_obj
def check(root: Path | None, disclosure: str, run: str | None, *, as_json: bool) -> None:
    """
    Check that a disclosure opens its seal; - reads stdin.

    That says nothing of any run, unless --run names one. The value is not shown: it stands in the disclosure.
    """
    found = verify_disclosure(read_json_file(disclosure, "DISCLOSURE"))
    if run is not None and found.seal not in list_seals(_load(Store.locate(root), run)):
        raise SealMismatchError(
            f"the run holds no seal {found.seal}", where=run, remedy="ask which run it is said to be of"
        )
    held = "and the run holds it" if run is not None else "whether a run holds it: mission seals list RUN"
    text = f"opens {found.seal}\nentered at {visible(found.path)}\n{held}"
    emit(text, {"seal": found.seal, "path": found.path, "run_holds_it": run is not None or None}, as_json=as_json)


def _load(store: Store, name: str) -> Checkpoint:
    try:
        return store.load_run(name).checkpoint
    except (UnknownRunError, IntegrityError) as error:
        try:
            return store.load_checkpoint(name)
        except (UnknownRunError, IntegrityError):
            raise error from None


def _find(checkpoint: Checkpoint, start: str) -> str:
    name = f"sha256:{start.removeprefix('sha256:')}"
    known = list_seals(checkpoint)
    if not known:
        raise UnknownSealError("a run without seals", remedy="mission run --seal POINTER makes them")
    found = [seal for seal in known if seal.startswith(name)]
    if len(found) == 1 and len(name) >= len("sha256:") + _SHORTEST:
        return found[0]
    raise UnknownSealError(
        f"{len(found)} seals whose digest starts with {shown(start)}",
        remedy=f"give at least {_SHORTEST} characters of one of {[seal[:19] for seal in known]}",
    )
