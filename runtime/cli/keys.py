"""`mission keys`: the keys that sign, under `keys/` of the root directory."""

from pathlib import Path
from typing import Any, Final

import click

from runtime.cli.output import emit, json_option
from runtime.cli.store import Store, near
from runtime.limits import MAX_NUMBER
from runtime.signing import SIGNING_KEY_VARIABLE, KeyDirectory, KeyEntry, is_signing_key

__all__ = ["keys"]

_FOLDER: Final = "keys"
_MAKE: Final = "make one with: mission keys new NAME"


@click.group(no_args_is_help=False)
def keys() -> None:
    """
    Make, list, show and revoke the keys that sign.

    Keys are Ed25519. They are kept under keys/ of the root directory: NAME.pem is secret, NAME.pub is for everybody.
    MISSION_SIGNING_KEY, the name of a key or the path of a private key file, chooses the one that signs.
    """


@keys.command("new")
@click.argument("name")
@json_option
@click.pass_obj
def new(root: Path | None, name: str, *, as_json: bool) -> None:
    """
    Make a key.

    NAME is of lower-case letters, digits, - and _. No key is written over. The private key is not encrypted: the mode
    of its file keeps it from others.
    """
    made = _directory(root).new(name)
    document = {
        "name": name,
        "key_id": made.public.key_id,
        "private_file": near(made.private_path),
        "public_file": near(made.public_path),
    }
    lines = [
        f"made key {name}",
        f"id      {made.public.key_id}",
        f"private {document['private_file']} (keep it secret, and keep a copy)",
        f"public  {document['public_file']} (give it to those who check)",
        f"to sign with it: export {SIGNING_KEY_VARIABLE}={name}",
    ]
    emit("\n".join(lines), document, as_json=as_json, name=made.public.key_id)


@keys.command("list")
@json_option
@click.pass_obj
def list_keys(root: Path | None, *, as_json: bool) -> None:
    """
    List the keys, with their ids and what is revoked.
    """
    directory = _directory(root)
    entries = directory.entries()
    width = max((len(entry.name) for entry in entries), default=0)
    lines = [f"{entry.name:<{width}}  {entry.public.key_id}  {_say_use(entry)}" for entry in entries]
    text = "\n".join(lines) or f"no keys in {near(directory.path)}; {_MAKE}"
    emit(text, {"keys": [_describe(entry) for entry in entries]}, as_json=as_json)


@keys.command("public")
@click.argument("name")
@click.option("--ssh", "as_openssh", is_flag=True, help="Print the line of OpenSSH instead of PEM.")
@json_option
@click.pass_obj
def public(root: Path | None, name: str, *, as_openssh: bool, as_json: bool) -> None:
    """
    Print a public key, to give to those who check.
    """
    entry = _directory(root).find(name)
    pem, line = entry.public.pem, f"{entry.public.openssh} {name}"
    emit(line if as_openssh else pem.rstrip(), {**_describe(entry), "pem": pem, "openssh": line}, as_json=as_json)


@keys.command("revoke")
@click.argument("name")
@click.option(
    "--from",
    "from_position",
    type=click.IntRange(0, MAX_NUMBER),
    default=0,
    show_default=True,
    metavar="POSITION",
    help="Leaf index of the log; what was signed before it still counts.",
)
@json_option
@click.pass_obj
def revoke(root: Path | None, name: str, from_position: int, *, as_json: bool) -> None:
    """
    Revoke a key from a position of the log on.

    From 0 on nothing counts that it ever signed. Revoking again can only move the position to an earlier one. The key
    no longer signs here.
    """
    directory = _directory(root)
    directory.revoke(name, from_position)
    entry = directory.find(name)
    text = (
        f"{name}  {entry.public.key_id}  {_say_use(entry)}\n"
        f"tell those who trust it: the record is {near(directory.path / name)}.revocation.json"
    )
    emit(text, _describe(entry), as_json=as_json, name=entry.public.key_id)


def _directory(root: Path | None) -> KeyDirectory:
    return KeyDirectory(Path(near(Store.locate(root).root / _FOLDER)))


def _describe(entry: KeyEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "key_id": entry.public.key_id,
        "has_private": entry.has_private,
        "signs": _signs(entry),
        "revoked_from": None if entry.revocation is None else entry.revocation.from_position,
    }


def _signs(entry: KeyEntry) -> bool:
    return entry.has_private and entry.revocation is None and is_signing_key(entry.name)


def _say_use(entry: KeyEntry) -> str:
    if entry.revocation is not None:
        position = entry.revocation.from_position
        return f"revoked from log position {position} on" if position else "revoked, nothing it signed counts"
    if not entry.has_private:
        return "public key only"
    return f"signs ({SIGNING_KEY_VARIABLE})" if _signs(entry) else "can sign"
