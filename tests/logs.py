"""Keys, receipts and grown logs for the tests of the log of receipts."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime.encoding.canonical import canonical
from runtime.evidence.log import ReceiptLog
from runtime.evidence.lognote import VerifierKey
from runtime.testing import MemoryLogStore

ORIGIN = "example.org/receipts"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
VERIFIER = VerifierKey.of(ORIGIN, KEY)


def make_receipt(number: int) -> bytes:
    """
    Make the bytes of a receipt; only its schema matters to a log.
    """
    return canonical({"schema": "receipt/v1", "id": f"run-{number}"})


def make_log(count: int) -> ReceiptLog:
    """
    Make a log of some receipts.
    """
    log = ReceiptLog(MemoryLogStore())
    for number in range(count):
        log.append(make_receipt(number))
    return log
