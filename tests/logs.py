"""Keys, receipts and grown logs for the tests of the log of receipts."""

from runtime.encoding.canonical import canonical
from runtime.evidence.log import ReceiptLog
from runtime.evidence.lognote import VerifierKey
from runtime.testing import MemoryLogStore
from runtime.values.keys import PrivateKey

ORIGIN = "example.org/receipts"
KEY = PrivateKey.of_seed(bytes(range(32)))
OTHER_KEY = PrivateKey.of_seed(bytes(32))
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
