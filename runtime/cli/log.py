"""`mission log`: keeps receipts in a log that only grows, and makes and checks the proofs of it."""

import sys
from pathlib import Path
from typing import Any

import click

from runtime.cli.inputs import read_file_argument
from runtime.cli.output import emit, emit_record, json_option
from runtime.cli.store import Store, near
from runtime.encoding.jsontext import parse_json
from runtime.errors import LogMismatchError, UnknownRunError, UsageError, shown
from runtime.evidence.log import ReceiptLog
from runtime.evidence.loghead import LogHead, open_head
from runtime.evidence.lognote import VerifierKey
from runtime.evidence.logproof import LogConsistency, LogInclusion, verify_extends, verify_included
from runtime.evidence.record import RecordedRun
from runtime.limits import MAX_NUMBER
from runtime.signing import read_private_key
from runtime.storage import SqliteLogStore

__all__ = ["log"]

_key_option = click.option(
    "--key", "verifier", metavar="VERIFIERKEY", help="Verifier key of the log, name+hash+base64; @FILE reads it."
)


@click.group(no_args_is_help=False)
def log() -> None:
    """
    Keep receipts in a log that only grows, and prove it.

    The log stands under the root directory. A head of it, signed and kept elsewhere, is what later proofs are held
    against: whoever can write the root can rewrite what no such head covers.
    """


@log.command()
@click.argument("run")
@json_option
@click.pass_obj
def append(root: Path | None, run: str, *, as_json: bool) -> None:
    """
    Put the receipt of a recorded run into the log.

    RUN is a file, or the start of its receipt's digest. A receipt that is in the log stays where it is. The log keeps
    receipts as they are; that a run holds is for `mission replay` to say.
    """
    store = Store.locate(root)
    recorded = store.load_run(run)
    opened = ReceiptLog(SqliteLogStore.create(Path(near(store.log_path))))
    index = opened.append(recorded.receipt.raw)
    size = opened.tree().size
    text = f"receipt {recorded.receipt_digest}\nstands at index {index} of {size}"
    document = {"index": index, "size": size, "receipt_digest": recorded.receipt_digest}
    emit(text, document, as_json=as_json, name=str(index))


@log.command()
@click.option(
    "--key", "signing", metavar="FILE", help="Private key file, PEM or OpenSSH without password: signs the head."
)
@click.option("--origin", metavar="NAME", help="Name of the log in the signed head, such as example.org/receipts.")
@json_option
@click.pass_obj
def head(root: Path | None, signing: str | None, origin: str | None, *, as_json: bool) -> None:
    """
    Show size and root of the log, or sign them.

    With --key the head is printed as a signed note, to be kept where nobody can change both it and the log. Every
    receipt is read again before it is signed. The verifier key, which others check the note with, goes to stderr.
    """
    opened = _open_log(root)
    if (signing is None) is not (origin is None):
        raise UsageError("one of --key and --origin alone", remedy="give both to sign the head, or neither to see it")
    if signing is None or origin is None:
        tree = opened.tree()
        told = {"size": tree.size, "root": f"sha256:{tree.root.hex()}"}
        emit(f"size {told['size']}\nroot {told['root']}", told, as_json=as_json)
        return
    key = read_private_key(Path(signing))
    verifier = str(VerifierKey.of(origin, key))
    note = opened.sign_head(origin, key).decode()
    if as_json:
        emit_record({"note": note, "verifier_key": verifier})
        return
    click.echo(f"verifier key {verifier}", err=True)
    click.echo(note, nl=False)


@log.command()
@click.argument("run_or_index")
@click.option("--size", type=int, help="Size of the head the proof is for. Default: the present size.")
@json_option
@click.pass_obj
def prove(root: Path | None, run_or_index: str, size: int | None, *, as_json: bool) -> None:
    """
    Prove that a receipt is in the log.

    RUN_OR_INDEX is an index from 0, or a recorded run by file or by the start of its digest; a start of digits alone
    needs sha256: in front. Prints the record log-inclusion/v1, which `mission log verify` checks without the log.
    """
    opened = _open_log(root)
    index = _read_number(run_or_index)
    if index is None:
        recorded = Store.locate(root).load_run(run_or_index)
        index = opened.find(recorded.receipt.raw)
        if index is None:
            raise UnknownRunError(
                f"receipt {recorded.receipt_digest} is not in the log", remedy="put it in with mission log append"
            )
    _print_record(opened.prove_inclusion(index, size).raw, as_json=as_json)


@log.command()
@click.option("--head", "note", required=True, metavar="NOTE", help="File of a signed head.")
@_key_option
@click.option("--inclusion", required=True, metavar="FILE", help="Record that `mission log prove` printed.")
@click.option("--receipt", required=True, metavar="FILE", help="The receipt in canonical form, or its recorded run.")
@json_option
def verify(note: str, verifier: str | None, inclusion: str, receipt: str, *, as_json: bool) -> None:
    """
    Check that a receipt is in the log a signed head is of.

    Needs nothing but these files. Status 1: it is not, or the head is not signed by this key.
    """
    opened = _open_note(note, verifier)
    record = LogInclusion.from_bytes(read_file_argument(inclusion, "--inclusion"), source=inclusion)
    verify_included(record, _read_receipt(receipt), opened)
    text = f"included: receipt {record.receipt_digest}\nat index {record.index} of {opened.size}, log {shown(opened.origin)}"
    document = {
        "included": True,
        "index": record.index,
        "size": opened.size,
        "receipt_digest": record.receipt_digest,
        "origin": opened.origin,
    }
    emit(text, document, as_json=as_json)


@log.command()
@click.option("--from", "first", required=True, metavar="NOTE_OR_SIZE", help="The earlier head or size.")
@click.option("--to", "second", metavar="NOTE_OR_SIZE", help="The later one. Default: the present size.")
@_key_option
@click.option("--proof", metavar="FILE", help="Check this record against two notes, without the log.")
@json_option
@click.pass_obj
def consistency(
    root: Path | None, first: str, second: str | None, verifier: str | None, proof: str | None, *, as_json: bool
) -> None:
    """
    Prove that the log only grew between two heads, or check such a proof.

    A size is digits alone; all else is the file of a signed head, checked with --key. Without --proof the log of the
    root directory makes the record log-consistency/v1; a head that it does not lead to ends with status 1. With
    --proof both ends are heads, and nothing but the files is read.
    """
    older = _read_end(first, verifier)
    newer = None if second is None else _read_end(second, verifier)
    if proof is not None:
        if not isinstance(older, LogHead) or not isinstance(newer, LogHead):
            raise UsageError("a proof is checked against two signed heads", remedy="give files to --from and --to")
        given = LogConsistency.from_bytes(read_file_argument(proof, "--proof"), source=proof)
        verify_extends(given, older, newer)
        text = f"consistent: the log of size {newer.size} begins with the one of size {older.size}, log {shown(newer.origin)}"
        document = {
            "consistent": True,
            "first_size": older.size,
            "second_size": newer.size,
            "origin": newer.origin,
        }
        emit(text, document, as_json=as_json)
        return
    opened = _open_log(root)
    for end in (older, newer):
        if isinstance(end, LogHead):
            _check_kept(opened, end)
    record = opened.prove_consistency(_size_of(older), None if newer is None else _size_of(newer))
    _print_record(record.raw, as_json=as_json)


def _open_log(root: Path | None) -> ReceiptLog:
    return ReceiptLog(SqliteLogStore(Path(near(Store.locate(root).log_path))))


def _open_note(path: str, verifier: str | None) -> LogHead:
    """
    Read a head from a note.

    Raises:
        UsageError: there is no key to check it with.
    """
    if verifier is None:
        raise UsageError(f"a head {shown(path)} and no key", remedy="give the verifier key of the log with --key")
    if verifier.startswith("@"):
        raw = read_file_argument(verifier[1:], "--key")
        verifier = raw.decode(errors="replace").removesuffix("\n")
    return open_head(read_file_argument(path, "note"), VerifierKey.parse(verifier))


def _read_end(text: str, verifier: str | None) -> LogHead | int:
    number = _read_number(text)
    return _open_note(text, verifier) if number is None else number


def _size_of(end: LogHead | int) -> int:
    return end.size if isinstance(end, LogHead) else end


def _read_number(text: str) -> int | None:
    """
    Read digits alone; one that no log can have as an index or a size is no number either.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_NUMBER))
    return int(text) if is_number else None


def _check_kept(opened: ReceiptLog, kept: LogHead) -> None:
    """
    Check that the log still leads to a head that somebody kept.

    Raises:
        LogMismatchError: it is shorter, or other receipts stand in it.
    """
    size = opened.tree().size
    if kept.size > size:
        raise LogMismatchError(
            f"a log of {size} receipts, and a head of {kept.size}",
            where="log",
            remedy="the log was cut; trust the head",
        )
    if opened.root_at(kept.size) != kept.root:
        raise LogMismatchError(
            f"a log whose first {kept.size} receipts are not those of the head",
            where="log",
            remedy="the log was rewritten; trust the head",
        )


def _read_receipt(path: str) -> bytes:
    """
    Read the bytes of a receipt, bare or inside a recorded run.
    """
    raw = read_file_argument(path, "--receipt")
    document: Any = parse_json(raw, source=path, is_record=True)
    if type(document) is dict and document.get("schema") == "recorded-run/v1":
        return RecordedRun.from_bytes(raw, source=path).receipt.raw
    return raw


def _print_record(raw: bytes, *, as_json: bool) -> None:
    """
    Print the bytes of a record alone, so that a file they are sent to is the record.
    """
    if as_json:
        emit_record(parse_json(raw))
        return
    click.echo(raw.decode(), nl=sys.stdout.isatty())
