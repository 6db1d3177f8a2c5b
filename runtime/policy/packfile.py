"""Reading a policy pack from a file: YAML, or JSON by its name; every fault with file, line and path.

The bytes come from a shell; what may stand in a pack is in `pack.py`, how lines are found in `encoding/document.py`.
"""

from runtime.encoding.document import Document, place_faults
from runtime.encoding.intake import parse_document
from runtime.errors import PolicyError
from runtime.policy.pack import PolicyPack

__all__ = ["pack_of", "read_pack"]


def read_pack(raw: bytes | str, *, source: str) -> PolicyPack:
    """
    Read a pack of either form.

    Args:
        raw: the content of the file.
        source: its name; one that ends in `.json` is read as JSON.

    Raises:
        EncodingError: it is not YAML, or not JSON, or more of either than is read here.
        PolicyError: it is no pack; every fault is listed, in the order of the lines.
    """
    return pack_of(parse_document(raw, source=source))


def pack_of(document: Document) -> PolicyPack:
    """
    Read a pack from a parsed document, as `read_pack`.
    """
    try:
        return PolicyPack.from_document(document.value)
    except PolicyError as error:
        faults = sorted(error.faults, key=lambda fault: document.line_of(fault.where) or 0)
        ordered = PolicyError(error.what, where=error.where, remedy=error.remedy, faults=faults)
        raise place_faults(ordered, document) from error
