"""`mission bundle`: a recorded run, and what vouches for it, in one file for somebody else."""

from pathlib import Path
from typing import Final

import click

from runtime.cli.folder import write_file
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store, near
from runtime.encoding.display import visible
from runtime.errors import UnknownRunError, UsageError
from runtime.evidence.bundle import Bundle
from runtime.evidence.log import ReceiptLog
from runtime.evidence.loghead import LogHead
from runtime.evidence.lognote import Note
from runtime.evidence.logproof import LogInclusion
from runtime.evidence.record import RecordedRun
from runtime.evidence.statement import attest
from runtime.signing import KeyDirectory, load_signing_key
from runtime.storage import SqliteLogStore
from runtime.values.keys import PrivateKey

__all__ = ["bundle"]

_KEYS: Final = "keys"


@click.command()
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write; none is written over.")
@click.option("--sign", is_flag=True, help="Sign the receipt with the key that MISSION_SIGNING_KEY names.")
@click.option("--log", "from_log", is_flag=True, help="Add the proof that the log holds the receipt; needs --origin.")
@click.option("--origin", metavar="NAME", help="Name of the log in its head, which the same key signs.")
@json_option
@click.pass_obj
def bundle(
    root: Path | None, run: str, out: Path, origin: str | None, *, sign: bool, from_log: bool, as_json: bool
) -> None:
    """
    Put a recorded run into one file that others can verify.

    RUN is a file, or the start of its receipt's digest. The run is executed again first, and goes into a bundle only when
    every byte is the same. The file holds all that the run was made from: params, context, policies and answers.
    """
    if from_log is not (origin is not None):
        raise UsageError("one of --log and --origin alone", remedy="give both, or neither")
    store = Store.locate(root)
    recorded = store.load_run(run)
    key = load_signing_key(KeyDirectory(Path(near(store.root / _KEYS)))) if sign or from_log else None
    attestation = attest(recorded, [key]) if sign and key is not None else None
    inclusion, head = (None, None) if origin is None or key is None else _prove(store, recorded, origin, key)
    made = Bundle.of(recorded, attestation=attestation, inclusion=inclusion, head=head)
    raw = made.raw
    path = write_file(out, raw)
    document = {
        "file": str(path),
        "bundle_digest": made.digest,
        "receipt_digest": recorded.receipt_digest,
        "status": recorded.receipt["status"],
        "signed_by": None if attestation is None else [one.keyid for one in attestation.signatures],
        "log_index": None if inclusion is None else inclusion.index,
    }
    lines = [
        f"wrote {visible(str(path))}: {len(raw)} bytes, run {document['status']}",
        f"bundle  {made.digest}",
        f"receipt {recorded.receipt_digest}",
        f"signed  {', '.join(document['signed_by'] or []) or 'by nobody'}",
        "log     "
        + ("none" if inclusion is None else f"index {inclusion.index} of {inclusion.size}, {visible(str(origin))}"),
    ]
    emit("\n".join(lines), document, as_json=as_json, name=made.digest)


def _prove(store: Store, recorded: RecordedRun, origin: str, key: PrivateKey) -> tuple[LogInclusion, bytes]:
    """
    Prove that the log holds the receipt, at the size of a head that is signed now.

    Raises:
        UnknownRunError: the log does not hold it.
        StorageError: there is no log, or it was changed.
    """
    log = ReceiptLog(SqliteLogStore(Path(near(store.log_path))))
    index = log.find(recorded.receipt.raw)
    if index is None:
        raise UnknownRunError(
            f"receipt {recorded.receipt_digest} is not in the log", remedy="put it in with mission log append"
        )
    note = log.sign_head(origin, key)
    # Somebody else may append meanwhile, and a proof is for one size.
    return log.prove_inclusion(index, LogHead.from_text(Note.parse(note).text).size), note
