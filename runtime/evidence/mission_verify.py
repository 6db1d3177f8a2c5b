"""Check the bundle of a mission run without the software that made it. One file, to be read from top to bottom.

    python mission_verify.py BUNDLE [--trust FILE] [--require 1,2,3] [--json]

It needs Python 3.11 or newer and two packages: `cryptography` (Ed25519) and `rfc8785` (canonical JSON). It opens the
files that are named and nothing else, and believes nothing that a bundle says of itself. Whom to trust stands in the
trust file, which must come from somebody else than the bundle.

Each check comes to one of four outcomes:

- re-checked: it holds, and whoever made the bundle was not believed for it;
- asserted by the supplier: nothing contradicts it, and nothing but the bundle says so;
- no information: the bundle does not say, or what it says cannot be read here;
- FAILED: it does not hold.

The exit status is 0 when every required check is re-checked, 1 when one is not, and 2 when the input cannot be used.
Required are 1, 2, 3, 4 and 5; with a trust file also 12, and 6, 7a and 11 where the file names keys or the bundle has
such parts; and every other one that failed. Checks 8, 9 and 10 work out again what the run did, which takes the rules of
the engine: `mission verify` does that, and here they say so. Use it too where a great deal rests on the run.

The order below: JSON and digests, the shape of each part, keys and signatures, the trust file, the checks, the report.
"""

import argparse
import json
import math
import os
import re
import sys
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

try:
    import rfc8785
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
        load_ssh_public_key,
    )
except ImportError as missing:
    print(f"this needs the packages cryptography and rfc8785, and {missing.name} is not there", file=sys.stderr)
    sys.exit(2)

__all__ = ["CHECKS", "NOT_PROVEN", "Finding", "Report", "Unusable", "check_bundle", "main"]

RE_CHECKED: Final = "re-checked"
ASSERTED: Final = "asserted by the supplier"
NO_INFORMATION: Final = "no information"
FAILED: Final = "FAILED"

MAX_BUNDLE_BYTES: Final = 40 * 1024 * 1024
MAX_BUNDLE_DEPTH: Final = 72
MAX_TRUST_BYTES: Final = 1024 * 1024
MAX_STATE_BYTES: Final = 16 * 1024 * 1024
MAX_PART_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NUMBER: Final = 2**53 - 1
MAX_NAME: Final = 128
MAX_TEXT: Final = 4096
MAX_STEPS: Final = 5
MAX_ANSWERS: Final = 64
MAX_DECISIONS: Final = 16
MAX_SIGNATURES: Final = 16
MAX_NOTE_BYTES: Final = 1024 * 1024
MAX_NOTE_SIGNATURES: Final = 100
MAX_KEY_BYTES: Final = 16 * 1024
MAX_LISTED: Final = 20
SHOWN: Final = 80

Json = Any
"""A JSON value."""


class Unusable(Exception):  # noqa: N818 - it ends the program, and says why.
    """
    The input cannot be checked at all: exit status 2.
    """


class Wrong(Exception):  # noqa: N818 - a finding, not an error of the program.
    """
    Something in the bundle does not hold.
    """


# --- JSON and digests -------------------------------------------------------------------------------------------------


def read_json(raw: bytes, name: str, most: int, depth: int) -> Json:
    """
    Parse JSON text, and refuse all that two readers could understand in two ways.

    Duplicate keys, NaN and infinities, numbers beyond the exact range, lone surrogates, other encodings than UTF-8, and
    more bytes or nesting than a bundle may have.
    """
    if len(raw) > most:
        raise Unusable(f"{name}: {len(raw)} bytes, and the limit is {most}")
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_take_members, parse_int=_take_integer, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unusable(f"{name}: not JSON at line {error.lineno} column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise Unusable(f"{name}: nested far deeper than {depth}") from None
    except Unusable as error:
        raise Unusable(f"{name}: {error}") from None
    _check_values(value, name, depth)
    return value


def _take_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Unusable(f"key {shown(name)} stands twice")
        members[name] = value
    return members


def _take_integer(digits: str) -> int:
    # Python refuses very long numbers with an error of its own, and is slow at long ones; none of them is in range.
    if len(digits) > len(str(-MAX_NUMBER)):
        raise Unusable(f"the number {shown(digits)} is beyond 2^53-1")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise Unusable(f"{name} is no JSON")


def _check_values(value: Json, name: str, depth: int) -> None:
    level, nesting = [value], 0
    while level:
        inner: list[Any] = []
        for item in level:
            if type(item) in (dict, list):
                inner += [*item.keys(), *item.values()] if type(item) is dict else item
                if nesting == depth:
                    raise Unusable(f"{name}: nested deeper than {depth}")
            elif type(item) is str and _find_surrogate(item):
                raise Unusable(f"{name}: text {shown(item)} with a lone surrogate")
            elif (type(item) is int and abs(item) > MAX_NUMBER) or (
                type(item) is float and not (math.isfinite(item) and abs(item) <= MAX_NUMBER)
            ):
                raise Unusable(f"{name}: the number {item} is beyond 2^53-1")
        level, nesting = inner, nesting + 1


_find_surrogate = re.compile("[\ud800-\udfff]").search


def canonical(value: Json) -> bytes:
    """
    Give the canonical bytes of RFC 8785: of equal content there is one spelling, so it has one digest.
    """
    return rfc8785.dumps(value)


def digest(value: Json) -> str:
    """
    Give the digest of a value: SHA-256 of its canonical bytes, nothing prefixed.
    """
    return "sha256:" + sha256(canonical(value)).hexdigest()


def from_base64(text: str) -> bytes | None:
    """
    Read base64 in the one spelling that an encoder writes; None for anything else.
    """
    try:
        raw = b64decode(text)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == text else None


def shown(value: Json) -> str:
    """
    Show a foreign value shortly.
    """
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


# --- The shape of each part -------------------------------------------------------------------------------------------
# A record is described by a table: each member, and what it has to be. Every member must be there, and no other.

Test = Callable[[Json], bool]

_match_digest = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_match_key_id = re.compile(r"[0-9a-f]{64}").fullmatch
_match_code = re.compile(r"[a-z][a-z0-9_]{0,63}").fullmatch
_match_nonce = re.compile(r"[0-9a-f]{32,64}").fullmatch
_match_time = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
).fullmatch


def is_text(value: Json) -> bool:
    """
    Accept text.
    """
    return type(value) is str


def is_name(value: Json) -> bool:
    """
    Accept text of 1 to 128 characters.
    """
    return type(value) is str and 1 <= len(value) <= MAX_NAME


def is_integer(value: Json) -> bool:
    """
    Accept an integer; `1.0` and `true` are none.
    """
    return type(value) is int


def is_size(value: Json) -> bool:
    """
    Accept a number of things, or the place of one.
    """
    return type(value) is int and value >= 0


def is_object(value: Json) -> bool:
    """
    Accept an object as large and deep as a payload may be.
    """
    return type(value) is dict and is_small(value)


def is_small(value: Json) -> bool:
    """
    Accept a value as large and deep as a payload may be.
    """
    return _fits(value, MAX_PART_BYTES)


def is_bool(value: Json) -> bool:
    """
    Accept true and false.
    """
    return type(value) is bool


def is_document(value: Json) -> bool:
    """
    Accept an object as large and deep as a state may be.
    """
    return type(value) is dict and _fits(value, MAX_STATE_BYTES)


def _fits(value: Json, most: int) -> bool:
    level, nesting = [value], 0
    while level:
        level = [item for item in level if type(item) in (dict, list)]
        if level and nesting == MAX_DEPTH:
            return False
        level = [inner for item in level for inner in (item.values() if type(item) is dict else item)]
        nesting += 1
    return len(canonical(value)) <= most


def matches(match: Callable[[str], object]) -> Test:
    """
    Accept text of a form.
    """
    return lambda value: type(value) is str and match(value) is not None


def one_of(*texts: str) -> Test:
    """
    Accept one of the texts.
    """
    return lambda value: type(value) is str and value in texts


def optional(test: Test) -> Test:
    """
    Accept null as well.
    """
    return lambda value: value is None or test(value)


def list_of(test: Test, least: int = 0, most: int = MAX_NUMBER) -> Test:
    """
    Accept a list of such members.
    """
    return lambda value: type(value) is list and least <= len(value) <= most and all(map(test, value))


def record(members: Mapping[str, Test]) -> Test:
    """
    Accept an object with exactly these members.
    """
    return lambda value: not list_faults(value, members)


def list_faults(value: Json, members: Mapping[str, Test], place: str = "") -> list[str]:
    """
    Say what is wrong with an object that should have exactly these members.
    """
    if type(value) is not dict:
        return [f"{place or 'the whole'} is no object"]
    strange = sorted(value.keys() - members.keys())
    unknown = [f"{place}{visible(name)} is no known member" for name in strange[:MAX_LISTED]]
    if len(strange) > MAX_LISTED:  # There may be millions.
        unknown = [f"{place}{len(strange)} members are not known"]
    missing = [f"{place}{name} is missing" for name in members if name not in value]
    wrong = [f"{place}{name} has not its shape" for name in members if name in value and not members[name](value[name])]
    return [*unknown, *missing, *wrong]


is_digest = matches(_match_digest)
is_key_id = matches(_match_key_id)
is_nonce = matches(_match_nonce)
is_time = matches(_match_time)


def is_base64(value: Json) -> bool:
    """
    Accept bytes written as base64.
    """
    return type(value) is str and from_base64(value) is not None


HEADER: Final[Mapping[str, Test]] = {
    "context_digest": is_digest,
    "definition_digest": is_digest,
    "engine": is_name,
    "metadata_digest": is_digest,
    "mission": optional(is_name),
    "mission_version": optional(is_name),
    "mode": one_of("observe", "apply"),
    "params_digest": optional(is_digest),
    "policies_digest": optional(is_digest),
    "proof_digest": optional(is_digest),
    "schema": one_of("run/v1"),
}
"""What a run depends on, by digest."""

ENTRY: Final[Mapping[str, Test]] = {
    "answer_digest": optional(is_digest),
    "error_code": optional(is_text),
    "input_digest": is_digest,
    "kind": is_name,
    "operation": is_name,
    "output_digest": is_digest,
    "payload_digest": is_digest,
    "previous": is_digest,
    "request_digest": optional(is_digest),
    "schema": one_of("lineage/v1"),
    "sequence": is_integer,
    "status": one_of("completed", "failed", "denied", "skipped"),
    "step_id": is_name,
    "verdict_digest": optional(is_digest),
}
"""What one step did."""

RECEIPT: Final[Mapping[str, Test]] = {
    "answers_digest": is_digest,
    "error_code": optional(is_text),
    "failed_step_id": optional(is_name),
    "final_state_digest": is_digest,
    "header": record(HEADER),
    "header_digest": is_digest,
    "id": is_name,
    "lineage_count": is_integer,
    "lineage_head": is_digest,
    "schema": one_of("receipt/v1"),
    "status": one_of("completed", "failed", "denied"),
    "steps": list_of(is_text),
}
"""How the run ended."""

STEP: Final[Mapping[str, Test]] = {"id": is_name, "kind": is_name, "payload": is_object}
DEFINITION: Final[Mapping[str, Test]] = {"id": is_name, "metadata": is_object, "steps": list_of(record(STEP))}
CONTEXT: Final[Mapping[str, Test]] = {"initial_state": is_document, "metadata": optional(is_object)}

DECISION_SIGNATURE: Final[Mapping[str, Test]] = {
    "expires_at": optional(is_time),
    "key_id": is_key_id,
    "nonce": is_nonce,
    "signature": is_name,
}


def is_decision(value: Json) -> bool:
    """
    Accept what a person decided. The one decision by nobody is `expired`: the time was over.
    """
    members = {
        "actor": optional(is_name),
        "choice": is_name,
        "input": is_small,
        "reason": lambda text: type(text) is str and len(text) <= MAX_TEXT,
        "signature": optional(record(DECISION_SIGNATURE)),
    }
    if list_faults(value, members) or (value["actor"] is None) != (value["choice"] == "expired"):
        return False
    return value["actor"] is not None or (value["reason"], value["input"], value["signature"]) == ("", None, None)


def is_outcome(value: Json) -> bool:
    """
    Accept how an effect ended: with a code exactly when it did not succeed, with an output only when it did.
    """
    members = {
        "attempts": lambda tries: type(tries) is list and all(type(one) is dict for one in tries) and is_small(tries),
        "code": optional(matches(_match_code)),
        "output": is_small,
        "status": one_of("succeeded", "failed", "unknown"),
    }
    if list_faults(value, members):
        return False
    succeeded = value["status"] == "succeeded"
    return (value["code"] is None) == succeeded and (value["output"] is None or succeeded)


def is_answer(value: Json) -> bool:
    """
    Accept an answer that is bound to a request: decisions of different persons, sorted by name, or an outcome.
    """
    members = {
        "decisions": list_of(is_decision, most=MAX_DECISIONS),
        "outcome": optional(is_outcome),
        "request_digest": is_digest,
        "schema": one_of("answer/v1"),
        "step_id": lambda step_id: step_id is None,
    }
    if list_faults(value, members) or bool(value["decisions"]) == (value["outcome"] is not None):
        return False
    actors = [decision["actor"] for decision in value["decisions"]]
    return len(actors) < 2 or (None not in actors and actors == sorted({*actors}))  # noqa: PLR2004 - two need an order.


HUMAN_ASK: Final[Mapping[str, Test]] = {
    "approvers": list_of(is_text),
    "choices": list_of(is_text),
    "expires_after_ms": optional(is_integer),
    "input_schema": optional(is_document),
    "kind": one_of("human"),
    "not_by": list_of(is_text),
    "prompt": is_text,
    "quorum": is_integer,
    "shown": is_document,
    "signed": is_bool,
}
EFFECT_ASK: Final[Mapping[str, Test]] = {
    "action": is_text,
    "connector": is_text,
    "kind": one_of("effect"),
    "mode": one_of("read", "mutate"),
    "params": is_document,
}
REQUEST: Final[Mapping[str, Test]] = {
    "ask": lambda ask: not list_faults(ask, HUMAN_ASK) or not list_faults(ask, EFFECT_ASK),
    "input_digest": is_text,
    "lineage_head": is_text,
    "run_digest": is_text,
    "schema": one_of("request/v1"),
    "sequence": is_integer,
    "step_id": is_text,
}
"""What a step asked: a person, or a connector."""


def is_envelope(value: Json) -> bool:
    """
    Accept a DSSE envelope: a payload, its type, and signatures that name different keys.
    """
    signature = record({"keyid": is_name, "sig": lambda text: is_base64(text) and text != ""})
    members = {
        "payload": is_base64,
        "payloadType": is_name,
        "signatures": list_of(signature, least=1, most=MAX_SIGNATURES),
    }
    if list_faults(value, members):
        return False
    names = [one["keyid"] for one in value["signatures"]]
    return len({*names}) == len(names)


INCLUSION: Final[Mapping[str, Test]] = {
    "index": is_size,
    "proof": list_of(is_digest),
    "receipt_digest": is_digest,
    "schema": one_of("log-inclusion/v1"),
    "size": is_size,
}


def is_nothing(value: Json) -> bool:
    """
    Accept null: no run leaves this part yet.
    """
    return value is None


PARTS: Final[Mapping[str, Test]] = {
    "answers": list_of(is_answer, most=MAX_ANSWERS),
    "attestation": optional(is_envelope),
    "audit_log": is_nothing,
    "certificate": optional(is_object),
    "context": record(CONTEXT),
    "definition": record(DEFINITION),
    "header": record(HEADER),
    "lineage": list_of(record(ENTRY), most=MAX_STEPS),
    "log_head": lambda note: note is None or (type(note) is str and len(note.encode()) <= MAX_NOTE_BYTES),
    "log_inclusion": optional(record(INCLUSION)),
    "params": optional(is_object),
    "policies": optional(is_object),
    "receipt": record(RECEIPT),
    "requests": list_of(record(REQUEST), most=MAX_STEPS),
    "run_receipt": is_nothing,
}
"""Each part of a bundle besides its schema, and what it has to be."""


# --- Keys, signatures and proofs --------------------------------------------------------------------------------------


class Key(NamedTuple):
    """
    An Ed25519 public key: its id, which is the SHA-256 of the DER public key, and its 32 bytes.
    """

    key_id: str
    raw: bytes

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        """
        Tell whether a signature is by this key over exactly these bytes.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


FIELD: Final = 2**255 - 19
ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
WEAK: Final = frozenset({0, 1, FIELD - 1, ORDER_8, FIELD - ORDER_8})
"""The y of the eight points of small order: under such a key a signature fits messages that nobody signed."""

_find_labels = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----").findall


def make_key(raw: bytes) -> Key:
    """
    Take the 32 bytes of a key, and refuse one that anybody can sign under or that has a second spelling.
    """
    y = int.from_bytes(raw, "little") % 2**255
    if y >= FIELD:
        raise Wrong("a key that is not written in its shortest form")
    if y in WEAK:
        raise Wrong("a key under which anybody can sign")
    der = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(sha256(der).hexdigest(), raw)


def read_key(text: str) -> Key:
    """
    Read an Ed25519 public key: one PEM block, or one line of OpenSSH.
    """
    if len(text.encode()) > MAX_KEY_BYTES or not text.isascii() or "\0" in text:
        raise Wrong("no text of a key")
    plain = text.strip().replace("\r\n", "\n") + "\n"
    is_openssh = plain.startswith(("ssh-", "ecdsa-", "sk-"))
    if is_openssh and len(plain.splitlines()) > 1:
        raise Wrong("more than one line")
    if not is_openssh and (
        _find_labels(plain) != ["PUBLIC KEY"]
        or not plain.startswith("-----BEGIN PUBLIC KEY-----\n")
        or not plain.endswith("\n-----END PUBLIC KEY-----\n")
    ):
        raise Wrong("neither one PEM public key nor one line of OpenSSH")
    try:
        key = load_ssh_public_key(plain.encode()) if is_openssh else load_pem_public_key(plain.encode())
    except Exception:  # noqa: BLE001 - a parser of another library: whatever it raises, the text is no key.
        raise Wrong("a key that is cut off or damaged") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Wrong("a key of another kind than Ed25519")
    return make_key(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


class LogKey(NamedTuple):
    """
    The key of a log: the name it signs under, the four bytes by which a signature line names it, and the key.
    """

    name: str
    key_id: bytes
    key: Key


_ED25519: Final = b"\x01"
_is_key_name = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
).fullmatch
_split_log_key = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)").fullmatch
_split_signature = re.compile("\u2014 ([^ ]+) ([^ ]+)").fullmatch
_find_control = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]").search
_is_log_size = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch
_ID_BYTES: Final = 4
_HASH_BYTES: Final = 32
_HEAD_LINES: Final = 3


def read_log_key(text: str) -> LogKey:
    """
    Read the key of a log as C2SP signed-note writes it: `name+hash+base64`.
    """
    found = _split_log_key(text)
    raw = from_base64(found[3]) if found else None
    if not found or raw is None or len(raw) != 1 + _HASH_BYTES or not raw.startswith(_ED25519):
        raise Wrong("no Ed25519 key of a log: expected name+hash+base64")
    if not _is_key_name(found[1]):
        raise Wrong("a name that no signature line can hold")
    key_id = sha256(found[1].encode() + b"\n" + raw).digest()[:_ID_BYTES]
    if key_id.hex() != found[2]:
        raise Wrong("a hash that is not that of the key")
    return LogKey(found[1], key_id, make_key(raw[1:]))


class Head(NamedTuple):
    """
    A head of a log: who says he keeps it, how many receipts it holds, the root over them, and the signed text.
    """

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: Mapping[tuple[str, bytes], bytes]


def read_head(note: str) -> Head:
    """
    Read a signed head (C2SP tlog-checkpoint); nothing is verified here.
    """
    if _find_control(note):
        raise Wrong("log_head: a control character")
    # Signature lines hold no empty line, so the last one stands between text and signatures.
    body, _, tail = note.rpartition("\n\n")
    lines, signed = body.split("\n"), tail.split("\n")[:-1]
    if not body or not tail.endswith("\n") or len(signed) > MAX_NOTE_SIGNATURES:
        raise Wrong("log_head: not the text and the signatures of a note")
    signatures: dict[tuple[str, bytes], bytes] = {}
    for line in signed:
        found = _split_signature(line)
        raw = from_base64(found[2]) if found else None
        if not found or not _is_key_name(found[1]) or raw is None or len(raw) <= _ID_BYTES:
            raise Wrong(f"log_head: no signature line: {shown(line)}")
        name = (found[1], raw[:_ID_BYTES])
        if name in signatures:
            raise Wrong("log_head: two signatures by one key")
        signatures[name] = raw[_ID_BYTES:]
    if len(lines) < _HEAD_LINES or not all(lines) or not _is_log_size(lines[1]) or int(lines[1]) > MAX_NUMBER:
        raise Wrong("log_head: expected the lines origin, size and root")
    root = from_base64(lines[2])
    if root is None or len(root) != _HASH_BYTES:
        raise Wrong("log_head: a root that is no hash")
    return Head(lines[0], int(lines[1]), root, f"{body}\n".encode(), signatures)


def find_root(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """
    Work out the root of a log from one leaf and its proof (RFC 9162 2.1.3.2); every hash must be needed.
    """
    if index >= size:
        raise Wrong(f"index {index} in a log of {size} receipts")
    place, last, node = index, size - 1, sha256(b"\x00" + leaf).digest()
    for sibling in proof:
        if last == 0:
            raise Wrong("a proof with more hashes than it needs")
        if place & 1 or place == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        place, last = place >> 1, last >> 1
    if last != 0:
        raise Wrong("a proof with fewer hashes than it needs")
    return node


# --- Whom to trust ----------------------------------------------------------------------------------------------------


class Trust(NamedTuple):
    """
    What the person who checks believes, from a file of their own. An empty member is a line that it does not have.
    """

    operator_keys: list[Key]
    approvers: dict[str, list[Key]]
    log_keys: list[LogKey]
    definitions: list[str]
    policies: list[str]
    rules: list[str]
    catalogues: list[str]
    engines: list[str]


def read_trust(raw: bytes) -> Trust:
    """
    Read a trust file: strict JSON in any layout, with nothing in it that is not understood.
    """
    document = read_json(raw, "trust file", MAX_TRUST_BYTES, MAX_DEPTH)
    if type(document) is not dict or document.get("schema") != "trust/v1":
        raise Unusable("trust file: expected schema trust/v1")
    approver: dict[str, Test] = {"keys": list_of(is_text, least=1), "roles": list_of(is_name)}
    members: dict[str, Test] = {
        "operator_keys": list_of(is_text),
        "approvers": lambda value: (
            type(value) is dict
            and all(map(is_name, value))
            and not [fault for one in value.values() for fault in list_faults(_with_roles(one), approver)]
        ),
        "log_keys": list_of(is_text),
        "definitions": list_of(is_digest),
        "policies": list_of(is_digest),
        "rules": list_of(is_digest),
        "catalogues": list_of(is_digest),
        "engines": list_of(is_name),
    }
    defaults: dict[str, Json] = {name: {} if name == "approvers" else [] for name in members}
    written = {**defaults, **{name: value for name, value in document.items() if name != "schema"}}
    faults = list_faults(written, members)
    if faults:
        raise Unusable(f"trust file: {'; '.join(faults)}")
    if written == defaults:
        raise Unusable("trust file: it names nothing; name keys or digests, or check without it")
    approvers = {
        name: [_read(read_key, text, f"approvers {visible(name)}") for text in one["keys"]]
        for name, one in written["approvers"].items()
    }
    owned = [key for keys in approvers.values() for key in set(keys)]
    if len(set(owned)) < len(owned):
        # Under two names it would let one person be two of a quorum.
        raise Unusable("trust file: approvers: a key under two names")
    return Trust(
        operator_keys=[_read(read_key, text, "operator_keys") for text in written["operator_keys"]],
        approvers=approvers,
        log_keys=[_read(read_log_key, text, "log_keys") for text in written["log_keys"]],
        definitions=written["definitions"],
        policies=written["policies"],
        rules=written["rules"],
        catalogues=written["catalogues"],
        engines=written["engines"],
    )


def _with_roles(one: Json) -> Json:
    return {"roles": [], **one} if type(one) is dict else one


def _read(read: Callable[[str], Any], text: str, place: str) -> Json:
    try:
        return read(text)
    except Wrong as error:
        raise Unusable(f"trust file: {place}: {error}") from None


# --- The checks -------------------------------------------------------------------------------------------------------


class Finding(NamedTuple):
    """
    What a check came to, and a sentence on why.
    """

    outcome: str
    detail: str


class Case(NamedTuple):
    """
    What is checked: the bytes of the bundle, what they say, its parts that have their shape, and whom to trust.
    """

    raw: bytes
    document: dict[str, Any]
    parts: dict[str, Any]
    faults: list[str]
    trust: Trust | None


def judge(faults: list[str], detail: str) -> Finding:
    """
    Say that it was checked and holds, unless there are faults.
    """
    if faults:
        raise Wrong("; ".join(faults[:MAX_LISTED]))
    return Finding(RE_CHECKED, detail)


# Check 1 proves that the bundle has every part, nothing besides, and each in its shape. It says nothing on whether a
# part is true: whoever made the bundle can have made up all of it.
def check_shape(case: Case) -> Finding:
    """
    Check 1: every part is there, nothing else is, and each has its shape.
    """
    return judge(case.faults, f"{len(case.parts)} parts, each of its shape")


# Check 2 proves that the bytes are the only spelling of what they say, so that equal bundles have equal digests and no
# two readers see different things in one. The supplier can still have written something untrue in it.
def check_form(case: Case) -> Finding:
    """
    Check 2: the bytes are the canonical form of what they say.
    """
    expected = canonical(case.document)
    shorter = min(len(case.raw), len(expected))
    at = next((index for index in range(shorter) if case.raw[index] != expected[index]), shorter)
    faults = [] if expected == case.raw else [f"not canonical JSON, first at byte {at}"]
    return judge(faults, f"{len(case.raw)} bytes of canonical JSON (RFC 8785)")


# Check 3 proves that the header and the lineage speak of the very parts in the bundle: nobody exchanged one of them
# alone. The supplier, who made the header too, could have exchanged part and header together: see 6, 11 and 12.
def check_digests(case: Case) -> Finding:
    """
    Check 3: header and lineage name the digests of the parts that are in the bundle.
    """
    parts, header = case.parts, case.parts["header"]
    named = {
        "definition": ("definition_digest", definition_digest(case)),
        "context": ("context_digest", digest(parts["context"]["initial_state"])),
        "metadata": ("metadata_digest", digest(parts["context"]["metadata"])),
        "params": ("params_digest", optional_digest(parts["params"])),
        "policies": ("policies_digest", optional_digest(parts["policies"])),
        "certificate": ("proof_digest", optional_digest(parts["certificate"])),
    }
    wrong = [f"{name} is not what header.{field} names" for name, (field, own) in named.items() if header[field] != own]
    answered = {(answer["request_digest"], digest(answer)) for answer in parts["answers"]}
    asked = [entry["request_digest"] for entry in parts["lineage"] if entry["request_digest"]]
    if [digest(request) for request in parts["requests"]] != asked:
        wrong.append("requests are not those that the lineage names, in its order")
    for index, entry in enumerate(parts["lineage"]):
        pair = (entry["request_digest"], entry["answer_digest"])
        if pair != (None, None) and pair not in answered:
            wrong.append(f"lineage[{index}] names an answer that is not in the bundle")
    wrong += [
        f"answers[{index}] answers a request that no step made"
        for index, answer in enumerate(parts["answers"])
        if answer["request_digest"] not in asked
    ]
    used = [entry["answer_digest"] for entry in parts["lineage"] if entry["answer_digest"]]
    if not wrong and list_settling(parts["answers"]) != used:
        wrong.append("answers are not those that the lineage names, in its order")
    return judge(wrong, "every digest is that of the part it names")


def list_settling(answers: list[dict[str, Json]]) -> list[str]:
    """
    List the digests of the answers that settle something: an `unknown` may stand before the one to the same request.
    """
    settling = []
    for index, answer in enumerate(answers):
        is_unknown = answer["outcome"] is not None and answer["outcome"]["status"] == "unknown"
        following = answers[index + 1]["request_digest"] if index + 1 < len(answers) else None
        if not (is_unknown and answer["request_digest"] == following):
            settling.append(digest(answer))
    return settling


def definition_digest(case: Case) -> str:
    """
    Give the digest of the workflow, which is hashed with the name of its schema.
    """
    return digest({"schema": "workflow/v1", **case.parts["definition"]})


def optional_digest(value: Json) -> str | None:
    """
    Give the digest of a part that may be missing.
    """
    return None if value is None else digest(value)


STOPPED: Final = ("failed", "denied")


# Check 4 proves that the entries are one chain from the header on, one for each step in the order of the workflow, each
# going on from the state the one before left. Whoever can compute digests can link any entries he likes: that they are
# what the workflow does is shown by executing it again (check 10), and that nobody exchanged them later by 6 and 11.
def check_lineage(case: Case) -> Finding:
    """
    Check 4: entries are linked, in the order of the workflow, each goes on from the state before, and none is missing.
    """
    entries, steps = case.parts["lineage"], case.parts["definition"]["steps"]
    if not 1 <= len(entries) <= len(steps):
        raise Wrong(f"{len(entries)} entries of a workflow of {len(steps)} steps")
    previous, state = digest(case.parts["header"]), case.parts["header"]["context_digest"]
    for index, (entry, step) in enumerate(zip(entries, steps, strict=False)):
        expected = {
            "previous": previous,
            "sequence": index + 1,
            "step_id": step["id"],
            "kind": step["kind"],
            "payload_digest": digest(step["payload"]),
            "input_digest": state,
        }
        for field, value in expected.items():
            if entry[field] != value:
                raise Wrong(f"lineage[{index}].{field} is {shown(entry[field])}, and {shown(value)} is expected")
        if entry["status"] != "completed" and entry["output_digest"] != state:
            raise Wrong(f"lineage[{index}] is {entry['status']} and changes the state")
        previous, state = digest(entry), entry["output_digest"]
    early = [index for index, (entry, _) in enumerate(pairwise(entries)) if entry["status"] in STOPPED]
    if early:
        raise Wrong(f"lineage[{early[0]}] ends the run, and entries follow it")
    if len(entries) < len(steps) and entries[-1]["status"] not in STOPPED:
        raise Wrong(f"{len(steps) - len(entries)} steps have no entry, and the run did not stop before them")
    return Finding(RE_CHECKED, f"{len(entries)} entries, linked to the header and in order")


# Check 5 proves that the receipt is of this header, this lineage and these answers, and says how they ended, so that a
# failure cannot be shown as a success. The supplier could have made a receipt for a lineage he made up.
def check_receipt(case: Case) -> Finding:
    """
    Check 5: the receipt holds header, lineage head and count, answers, final state, and how the run ended.
    """
    parts = case.parts
    entries, header = parts["lineage"], parts["header"]
    last = entries[-1] if entries else None
    is_stopped = last is not None and last["status"] in STOPPED
    wanted = {
        "header": header,
        "header_digest": digest(header),
        "id": parts["definition"]["id"],
        "lineage_count": len(entries),
        "lineage_head": digest(header if last is None else last),
        "answers_digest": digest(parts["answers"]),
        "final_state_digest": header["context_digest"] if last is None else last["output_digest"],
        "steps": [entry["step_id"] for entry in entries if entry["status"] != "skipped"],
        "status": last["status"] if last is not None and is_stopped else "completed",
        "error_code": None if last is None else last["error_code"],
        "failed_step_id": last["step_id"] if last is not None and is_stopped else None,
    }
    wrong = [f"receipt.{name} is not that of the bundle" for name in wanted if parts["receipt"][name] != wanted[name]]
    return judge(wrong, "the receipt binds header, lineage, answers, final state and ending")


# Check 5b would prove that the log of what was done to the run is whole. No run leaves one yet.
def check_audit(_: Case) -> Finding:
    """
    Check 5b: the audit log is one chain, and the run receipt holds its head.
    """
    return Finding(NO_INFORMATION, "the bundle holds no run receipt and no audit log")


# Check 6 proves that somebody who holds a key that you trust signed a statement on exactly this receipt. An operator
# whose key you trust can still attest a run that never was: the signature says who answers for it, not that it is true.
def check_attestation(case: Case) -> Finding:
    """
    Check 6: an operator that is trusted signed a statement on exactly this receipt.
    """
    envelope, receipt = case.parts["attestation"], case.parts["receipt"]
    if envelope is None:
        return Finding(NO_INFORMATION, "the bundle holds no attestation")
    names = [one["keyid"] for one in envelope["signatures"]]
    trusted = {key.key_id: key for key in case.trust.operator_keys} if case.trust else {}
    if not trusted:
        # What nobody vouches for is not read, so not even whether it is of this receipt.
        return Finding(ASSERTED, f"signed by {shown(names)}, and no operator key is trusted here")
    if envelope["payloadType"] != "application/vnd.in-toto+json":
        raise Wrong(f"payload type {shown(envelope['payloadType'])}")
    payload = b64decode(envelope["payload"])
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    # A signature counts under the key that it names. Every one that names a trusted key must hold, so that nobody can
    # show one that holds beside one that does not; those that name other keys say nothing here.
    known = [
        (trusted[one["keyid"]], b64decode(one["sig"])) for one in envelope["signatures"] if one["keyid"] in trusted
    ]
    if not known:
        raise Wrong(f"no signature by a trusted key: {shown(names)} signed")
    if not all(key.has_signed(signature, message) for key, signature in known):
        raise Wrong("a signature that is not by the key it names over this payload")
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": receipt,
        "predicateType": "urn:mission-runtime:receipt/v1",
        "subject": [
            {"digest": {"sha256": digest(receipt).removeprefix("sha256:")}, "name": "receipt"},
            {"digest": {"sha256": receipt["final_state_digest"].removeprefix("sha256:")}, "name": "final_state"},
        ],
    }
    if payload != canonical(statement):
        raise Wrong("what is signed is not a statement on this receipt")
    if receipt["header_digest"] != digest(receipt["header"]):
        raise Wrong("what is signed is a receipt that does not hold together")
    return Finding(RE_CHECKED, f"signed by {', '.join(sorted(key.key_id for key, _ in known))}")


class Gate(NamedTuple):
    """
    A request that was put to people, and the answer that holds their decisions on it.
    """

    request: dict[str, Json]
    answer: dict[str, Json]

    @property
    def place(self) -> str:
        """
        Name it in a sentence.
        """
        return f"step {shown(self.request['step_id'])}"

    @property
    def signatures(self) -> list[dict[str, Json]]:
        """
        The signatures of its decisions.
        """
        return [decision["signature"] for decision in self.answer["decisions"] if decision["signature"]]


def list_gates(case: Case) -> list[Gate]:
    """
    List what people were asked and decided, in order.
    """
    answers = {answer["request_digest"]: answer for answer in case.parts["answers"] if answer["decisions"]}
    asked = [(request, answers.get(digest(request))) for request in case.parts["requests"]]
    return [Gate(request, answer) for request, answer in asked if answer and request["ask"]["kind"] == "human"]


# Check 7a proves that nobody was passed by whom a step asks; that each decision is on a request that the records of this
# run hold, in the words of its step; that the step takes it; and that the person named as its actor signed it. What was
# shown of the state stands in the request that was signed: that the state was so is for check 10. Whether what somebody
# filled in fits its schema, and whether the engine takes the workflow at all, is left to check 10 as well. Whoever got
# hold of an approver's key can still have decided in their name.
def check_decisions(case: Case) -> Finding:
    """
    Check 7a: decisions are bound to what was asked, are allowed, and are by the people they name.
    """
    gates = list_gates(case)
    count = sum(1 for answer in case.parts["answers"] if answer["decisions"])
    if count != len(gates):
        raise Wrong(f"{count - len(gates)} of {count} decisions are about nothing that a person was asked")
    passed_by = list_passed_by(case, gates)
    faults = (
        [f"steps {shown(passed_by)} ask a person, and the run went past them without a decision"] if passed_by else []
    )
    if not count:
        judge(faults, "")
        return Finding(NO_INFORMATION, "nobody decided anything in this run")
    faults += [f"{gate.place}: {fault}" for gate in gates for fault in list_binding_faults(case, gate)]
    doubts: list[str] = []
    for gate in gates:
        for decision in gate.answer["decisions"]:
            try:
                doubt = find_doubt(case, gate, decision)
            except Wrong as error:
                faults.append(f"{gate.place}: {error}")
            else:
                doubts += [f"{gate.place}: {doubt}"] if doubt else []
    said = [
        f"{gate.place}: {shown(decision['choice'])} by {shown(decision['actor'])}"
        for gate in gates
        for decision in gate.answer["decisions"]
    ]
    finding = judge(faults, "; ".join(said))
    return Finding(ASSERTED, f"{finding.detail}; but {'; '.join(doubts)}") if doubts else finding


def list_passed_by(case: Case, gates: list[Gate]) -> list[str]:
    """
    List the steps that ask a person and that the lineage goes past, or ends at, without a decision of one.

    An answer alone is not enough: it could be the outcome of an effect. A step is skipped only where it waits for a
    flag. Whether there was one is for check 10.
    """
    decided = {digest(gate.request) for gate in gates}
    return [
        step["id"]
        for step, entry in zip(case.parts["definition"]["steps"], case.parts["lineage"], strict=False)
        if step["kind"] == "human"
        and entry["request_digest"] not in decided
        and (
            entry["status"] in ("completed", "denied")
            or (entry["status"] == "skipped" and step["payload"].get("when") != "flagged")
        )
    ]


def list_binding_faults(case: Case, gate: Gate) -> list[str]:
    """
    Say why decisions are on no request of this run, or such as their step does not take.
    """
    request, ask, at = gate.request, gate.request["ask"], gate.request["sequence"] - 1
    entries, steps = case.parts["lineage"], case.parts["definition"]["steps"]
    if not 0 <= at < min(len(entries), len(steps)):
        return ["no such step was taken"]
    entry, step = entries[at], steps[at]
    expected = {
        "run_digest": digest(case.parts["header"]),
        "step_id": step["id"],
        "lineage_head": entry["previous"],
        "input_digest": entry["input_digest"],
    }
    faults = [f"the request's {name} is not that of this run" for name in expected if request[name] != expected[name]]
    if (entry["request_digest"], entry["answer_digest"]) != (digest(request), digest(gate.answer)):
        faults.append("the lineage names another request or answer")
    if step["kind"] != "human":
        return [*faults, "the step asks no person"]
    payload = step["payload"]
    question = {
        "approvers": payload.get("approvers", []),
        "choices": payload.get("choices", ["approve", "reject"]),
        "expires_after_ms": payload.get("expires_after_ms"),
        "input_schema": payload.get("input_schema"),
        "kind": "human",
        "not_by": ask["not_by"],
        "prompt": payload.get("prompt") or payload.get("description", ""),
        "quorum": payload.get("quorum", 1),
        "shown": ask["shown"],
        "signed": payload.get("signed", False),
    }
    if canonical(question) != canonical(ask):
        return [*faults, "the step asks something else than the request says"]
    decisions = gate.answer["decisions"]
    return [*faults, *(list_vote_faults(ask, decisions) or list_other_endings(payload, decisions, entry))]


def find_choice(decisions: list[dict[str, Json]]) -> str:
    """
    Give the choice that decisions of a vote come to; those that differ come to `reject`.
    """
    choices = {decision["choice"] for decision in decisions}
    return choices.pop() if len(choices) == 1 else "reject"


def list_other_endings(payload: dict[str, Json], decisions: list[dict[str, Json]], entry: dict[str, Json]) -> list[str]:
    """
    Say where the lineage goes on from a decision otherwise than its step does.

    One that denies nothing may still fail the step: its `output` may have no place in the state.
    """
    choice = find_choice(decisions)
    is_denied = choice == "expired" or (choice == "reject" and payload.get("on_reject", "deny") != "continue")
    if not is_denied and entry["status"] == "failed":
        return []
    status = "denied" if is_denied else "completed"
    code = ("gate_expired" if choice == "expired" else "gate_rejected") if is_denied else None
    if (entry["status"], entry["error_code"]) == (status, code):
        return []
    return [f"by what was decided it is {status}, and the lineage says {entry['status']}"]


def list_vote_faults(ask: dict[str, Json], decisions: list[dict[str, Json]]) -> list[str]:
    """
    Say why decisions are not those of a vote that is over, by people who may take part in it.
    """
    faults: list[str] = []
    for decision in decisions:
        actor, choice = decision["actor"], decision["choice"]
        if actor is None:
            faults += [] if ask["expires_after_ms"] is not None else ["this step does not expire"]
            continue
        faults += [] if choice in ask["choices"] else [f"{shown(choice)} is none of the choices"]
        faults += [] if not ask["approvers"] or actor in ask["approvers"] else [f"{shown(actor)} is no approver of it"]
        faults += [] if actor not in ask["not_by"] else [f"{shown(actor)} may not decide this"]
        faults += [] if ask["input_schema"] is not None or decision["input"] is None else ["it asks for no input"]
        if ask["signed"] is not (decision["signature"] is not None):
            faults.append(
                "no signature, and it takes signed decisions only" if ask["signed"] else "it takes no signature"
            )
    # A vote is over when as many chose the same as it takes, at the first other choice, and at the first rejection.
    agreed = find_choice(decisions)
    if len(decisions) > ask["quorum"] or (agreed not in ("reject", "expired") and len(decisions) < ask["quorum"]):
        faults.append(f"{len(decisions)} of {ask['quorum']} decisions")
    if agreed != "reject" and len({canonical(decision["input"]) for decision in decisions}) > 1:
        faults.append("the same choice with different inputs")
    return faults


def find_doubt(case: Case, gate: Gate, decision: dict[str, Json]) -> str:
    """
    Say what has to be believed of who decided; nothing where a trusted key signed exactly this.

    Raises:
        Wrong: somebody decided who may not, or what was signed is something else.
    """
    actor, signed = decision["actor"], decision["signature"]
    approvers = case.trust.approvers if case.trust else {}
    if actor is not None and approvers and actor not in approvers:
        raise Wrong(f"{shown(actor)} is no approver that is trusted")
    if actor is None or signed is None:
        return "that nobody decided in time is the word of whoever ran it" if actor is None else "it is not signed"
    if not approvers:
        return "no approver's key is trusted here"
    key = {key.key_id: key for key in approvers[actor]}.get(signed["key_id"])
    if key is None:
        raise Wrong(f"key {signed['key_id']} is none of {shown(actor)}")
    statement = {
        "actor": actor,
        "choice": decision["choice"],
        "expires_at": signed["expires_at"],
        "input_digest": digest(decision["input"]),
        "nonce": signed["nonce"],
        "reason_digest": digest(decision["reason"]),
        "request_digest": gate.answer["request_digest"],
        "schema": "decision/v1",
    }
    signature = from_base64(signed["signature"])
    if signature is None or not key.has_signed(signature, canonical(statement)):
        raise Wrong(f"what {shown(actor)} signed is not this decision on this request")
    return ""


# Check 7b proves that what was signed names a time exactly where the step sets one, and the same for all who decided
# together. That they decided before it nobody can prove who has no clock that both sides trust: the driver says so.
def check_expiry(case: Case) -> Finding:
    """
    Check 7b: what was signed says until when the request was open.
    """
    wrong: list[str] = []
    gates = list_gates(case)
    for gate in gates:
        times = {signature["expires_at"] for signature in gate.signatures}
        if times and (None in times) is not (gate.request["ask"]["expires_after_ms"] is None):
            wrong.append(f"{gate.place}: a time limit in the step or in what was signed alone")
        if len(times) > 1:
            wrong.append(f"{gate.place}: people decided under different expiries")
    timed = [gate.place for gate in gates if gate.request["ask"]["expires_after_ms"] is not None]
    finding = judge(wrong, "no request of this run expires")
    if timed:
        return Finding(ASSERTED, f"decided in time, says whoever ran it: {'; '.join(timed)}")
    return Finding(NO_INFORMATION, finding.detail)


# Check 7c proves that no nonce serves two requests within this bundle, and that those who decide together share theirs.
# That the decision was not used in another run nobody can prove from one bundle: that takes the log.
def check_single_use(case: Case) -> Finding:
    """
    Check 7c: no two requests of this run were decided under one nonce.
    """
    wrong: list[str] = []
    used: set[str] = set()
    for gate in list_gates(case):
        nonces = {signature["nonce"] for signature in gate.signatures}
        if len(nonces) > 1:
            wrong.append(f"{gate.place}: people decided under different nonces")
        wrong += [f"{gate.place}: nonce {nonce} was used before" for nonce in sorted(nonces & used)]
        used |= nonces
    finding = judge(wrong, "each nonce was used once in this run; of another run this bundle cannot tell")
    return Finding(ASSERTED, finding.detail) if used else Finding(NO_INFORMATION, "no decision of this run is signed")


# Checks 8, 9 and 10 compute the certificate, the verdicts and every byte of the run again. Without them nothing here
# shows that the run did what its workflow says: only that its records fit together and who answers for them.
def say_package(_: Case) -> Finding:
    """
    Checks 8, 9 and 10: these take the rules of the engine.
    """
    return Finding(NO_INFORMATION, "this takes the rules of the engine; check it with: mission verify")


# Check 11 proves that a log whose key you trust holds this receipt, so that nobody can change it from then on without
# being found out. The keeper of the log can still show another log to others: compare its heads with theirs.
def check_log(case: Case) -> Finding:
    """
    Check 11: the proof leads from the receipt to a head that a trusted log signed.
    """
    inclusion, note, leaf = case.parts["log_inclusion"], case.parts["log_head"], canonical(case.parts["receipt"])
    if inclusion is None:
        return Finding(NO_INFORMATION, "the bundle holds no proof that a log has the receipt")
    # A proof that does not lead to the head is wrong, whoever signed the head.
    head = read_head(note)
    if inclusion["receipt_digest"] != digest(case.parts["receipt"]) or inclusion["size"] != head.size:
        raise Wrong("a proof for another receipt, or for another head")
    proof = [bytes.fromhex(one.removeprefix("sha256:")) for one in inclusion["proof"]]
    if find_root(leaf, inclusion["index"], inclusion["size"], proof) != head.root:
        raise Wrong("the proof does not lead to the root of the head")
    trusted = case.trust.log_keys if case.trust else []
    if not trusted:
        return Finding(ASSERTED, f"a log that calls itself {shown(head.origin)} has it, and no log key is trusted here")
    known = [key for key in trusted if (key.name, key.key_id) in head.signatures]
    if not known:
        raise Wrong("a head that no trusted log signed")
    for one in known:
        if not one.key.has_signed(head.signatures[one.name, one.key_id], head.text):
            raise Wrong(f"a signature by {shown(one.name)} that does not hold")
        if head.origin != one.name:
            raise Wrong(f"a head of {shown(head.origin)}, signed by {shown(one.name)}")
    return Finding(RE_CHECKED, f"at index {inclusion['index']} of {inclusion['size']}, log {shown(known[0].name)}")


# Check 12 proves that what was run is what you allow: workflow, policy packs, the rules that every path was held to, what
# connectors say of themselves, and the rules of the engine. That the certificate proves these rules is for check 8. You have to have looked at what you list in the trust file; nobody else can.
def check_trusted(case: Case) -> Finding:
    """
    Check 12: workflow, policies, rules, catalogue and engine are the trusted ones.
    """
    trust, parts = case.trust, case.parts
    if trust is None:
        return Finding(ASSERTED, "no trust file was given")
    used = {
        "definition": [definition_digest(case)],
        "policy": [digest(pack) for pack in (parts["policies"] or {}).values()],
        "rules": [] if parts["certificate"] is None else [digest(parts["certificate"].get("rules"))],
        "catalogue": [] if parts["certificate"] is None else [digest(parts["certificate"].get("catalogue"))],
        "engine": [parts["header"]["engine"]],
    }
    lines = {
        "definition": trust.definitions,
        "policy": trust.policies,
        "rules": trust.rules,
        "catalogue": trust.catalogues,
        "engine": trust.engines,
    }
    wrong = [
        f"{kind} {one} is not trusted" for kind in used for one in used[kind] if lines[kind] and one not in lines[kind]
    ]
    wrong += list_left_out(parts, trust)
    missing = [kind for kind in used if used[kind] and not lines[kind]]
    if wrong or not missing:
        return judge(wrong, f"{', '.join(kind for kind in used if used[kind])} as trusted")
    return Finding(ASSERTED, f"the trust file names no {', no '.join(missing)}")


def list_left_out(parts: dict[str, Any], trust: Trust) -> list[str]:
    """
    List what the trust file has a line for and the bundle leaves out: leaving it out must not help.
    """
    said = []
    if parts["certificate"] is None and (trust.rules or trust.catalogues):
        said.append("the trust file names what a certificate rests on, and the run carries none")
    payloads = [step["payload"] for step in parts["definition"]["steps"]]
    asked = {shown(one.get("policy")) for one in payloads if one.get("operation") == "decide"}
    absent = sorted(asked - {*map(shown, parts["policies"] or {})})
    if absent:
        said.append(f"policies {', '.join(absent)} are not in the bundle")
    return said


class Check(NamedTuple):
    """
    A check: its number, its title, who could still have lied when it passes, what makes it, and the parts it needs.
    """

    number: str
    title: str
    liars: str
    run: Callable[[Case], Finding]
    needs: tuple[str, ...] = ()


CHAIN: Final = ("header", "definition", "lineage")
DECIDED: Final = (*CHAIN, "answers", "requests")
INPUTS: Final = ("header", "definition", "params", "context", "policies", "certificate", "answers")
CHECKS: Final = (
    Check(
        "1",
        "shape and schema",
        "Anybody: this only says that the file can be read.",
        check_shape,
    ),
    Check(
        "2",
        "canonical form",
        "Anybody: this only says that equal content has equal bytes.",
        check_form,
    ),
    Check(
        "3",
        "digests of the parts",
        "Whoever made the bundle: they may have made other parts and other digests together.",
        check_digests,
        (*INPUTS, "lineage", "requests"),
    ),
    Check(
        "4",
        "lineage: chain, order, count",
        "Whoever made the bundle: a chain can be made anew from any entry on.",
        check_lineage,
        CHAIN,
    ),
    Check(
        "5",
        "receipt binds all of it",
        "Whoever made the bundle: a receipt can be made anew. Check 6 says who vouches for this one.",
        check_receipt,
        (*CHAIN, "answers", "receipt"),
    ),
    Check(
        "5b",
        "audit log and its head",
        "Whoever keeps the audit log.",
        check_audit,
    ),
    Check(
        "6",
        "attestation under a trusted key",
        "The operator whose key it is, and whoever has a copy of that key.",
        check_attestation,
        ("attestation", "receipt"),
    ),
    Check(
        "7a",
        "decisions: binding, choice, who decided",
        "An approver, whoever has a copy of their key, and where a decision is not signed, whoever ran it.",
        check_decisions,
        DECIDED,
    ),
    Check(
        "7b",
        "decisions: in time",
        "Whoever ran it: the time of a decision is what their clock said.",
        check_expiry,
        DECIDED,
    ),
    Check(
        "7c",
        "decisions: used once",
        "Whoever ran it: they may keep another run that used the same decision to themselves.",
        check_single_use,
        DECIDED,
    ),
    Check(
        "8",
        "certificate computed again",
        "Whoever wrote the rules and the catalogue: a rule that is missing is not proven.",
        say_package,
    ),
    Check(
        "9",
        "verdicts worked out again",
        "Whoever wrote the policy, and whoever supplied what it looked at.",
        say_package,
    ),
    Check(
        "10",
        "re-execution, byte for byte",
        "Whoever supplied the context and the outcomes of effects: they are inputs, and inputs can be false.",
        say_package,
    ),
    Check(
        "11",
        "inclusion in a log",
        "Whoever keeps the log, if they show others another one.",
        check_log,
        ("log_inclusion", "log_head", "receipt"),
    ),
    Check(
        "12",
        "workflow, policies, rules, catalogue, engine are trusted",
        "Whoever made the trust file.",
        check_trusted,
        ("header", "definition", "policies", "certificate"),
    ),
)
"""Every check, in order."""

NOT_PROVEN: Final = (
    "that effects really happened outside, as their outcomes say",
    "that the context was true",
    "that this was the only run",
    "that the log shown to others is the same",
    "that a decision was made in time, without a clock that you trust",
)
"""What a pass of every check does not prove."""


class Report(NamedTuple):
    """
    What each check came to by its number, the checks that have to be re-checked, and the digests of what was read.
    """

    findings: dict[str, Finding]
    required: list[str]
    bundle_digest: str
    trust_digest: str | None

    @property
    def lacking(self) -> list[str]:
        """
        The required checks that are not re-checked; the bundle passes when there are none.
        """
        return [number for number in self.required if self.findings[number].outcome != RE_CHECKED]


def check_bundle(raw: bytes, trust: bytes | None = None, required: list[str] | None = None) -> Report:
    """
    Check the bytes of a bundle against the bytes of a trust file.

    Raises:
        Unusable: there is nothing that could be checked, or the trust file cannot be relied on.
    """
    believed = None if trust is None else read_trust(trust)
    document = read_json(raw, "bundle", MAX_BUNDLE_BYTES, MAX_BUNDLE_DEPTH)
    if type(document) is not dict or document.get("schema") != "bundle/v1":
        raise Unusable("bundle: expected schema bundle/v1")
    named = {name: value for name, value in document.items() if name != "schema"}
    faults = list_faults(named, PARTS)
    parts = {name: named[name] for name in PARTS if name in named and PARTS[name](named[name])}
    if {"log_head", "log_inclusion"} <= parts.keys() and (parts["log_head"] is None) is not (
        parts["log_inclusion"] is None
    ):
        faults.append("log_inclusion and log_head stand together, or neither")
        del parts["log_head"], parts["log_inclusion"]
    case = Case(raw, document, parts, faults, believed)
    findings = {check.number: run_check(check, case) for check in CHECKS}
    asked = set(required) if required is not None else list_required(case)
    if required is None:
        asked |= {number for number, finding in findings.items() if finding.outcome == FAILED}
    return Report(
        findings=findings,
        required=[check.number for check in CHECKS if check.number in asked],
        bundle_digest="sha256:" + sha256(raw).hexdigest(),
        trust_digest=None if trust is None else "sha256:" + sha256(trust).hexdigest(),
    )


def run_check(check: Check, case: Case) -> Finding:
    """
    Make a check, or say why it cannot be made; none of them hides another.
    """
    missing = [name for name in check.needs if name not in case.parts]
    if missing:
        return Finding(NO_INFORMATION, f"{', '.join(missing)} cannot be read, see check 1")
    try:
        return check.run(case)
    except Wrong as error:
        return Finding(FAILED, str(error))


def list_required(case: Case) -> set[str]:
    """
    List the checks that must be re-checked when nobody says which.

    What the trust file names is required even where the bundle has no such part: leaving it out must not help.
    """
    parts, trust = case.parts, case.trust
    required = {"1", "2", "3", "4", "5"}
    if trust is not None:
        required.add("12")
        if trust.operator_keys or parts.get("attestation", "") is not None:
            required.add("6")
        if trust.log_keys or parts.get("log_inclusion", "") is not None:
            required.add("11")
        if any(answer["decisions"] for answer in parts.get("answers", [])):
            required.add("7a")
    return required


# --- The report -------------------------------------------------------------------------------------------------------


_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""
    Show what cannot be seen: control, bidirectional, zero-width and unassigned characters as `\u{202e}`.
    """
    return "".join(
        f"\\u{{{ord(one):x}}}" if unicodedata.category(one) in _HIDDEN or (one.isspace() and one != " ") else one
        for one in text
    )


def write_text(report: Report) -> Iterator[str]:
    """
    Write the report for people: a line for each check, who could still have lied, and what is not proven.
    """
    yield f"bundle  {report.bundle_digest}"
    yield f"trust   {report.trust_digest or 'no trust file: nothing that rests on a key is re-checked'}"
    yield ""
    for check in CHECKS:
        outcome, detail = report.findings[check.number]
        mark = "*" if check.number in report.required else " "
        yield f"{mark} {check.number:<3} {outcome:<24}  {check.title}: {visible(detail)}"
    yield ""
    if report.lacking:
        yield f"DOES NOT HOLD: of the required checks (*) not re-checked: {', '.join(report.lacking)}"
    else:
        yield f"holds: each of the {len(report.required)} required checks (*) is re-checked"
    yield ""
    yield "who could still have lied:"
    yield from (
        f"  {check.number:<3} {check.liars}" for check in CHECKS if report.findings[check.number].outcome == RE_CHECKED
    )
    yield ""
    yield "not proven by any of it:"
    yield from (f"  - {line}" for line in NOT_PROVEN)


def write_json(report: Report) -> str:
    """
    Write the report for programs, as `mission verify --json` does.
    """
    document = {
        "schema": "verification/v1",
        "bundle_digest": report.bundle_digest,
        "trust_digest": report.trust_digest,
        "holds": not report.lacking,
        "checks": [
            {
                "number": check.number,
                "title": check.title,
                "outcome": report.findings[check.number].outcome,
                "detail": report.findings[check.number].detail,
                "required": check.number in report.required,
                "who_could_lie": check.liars,
            }
            for check in CHECKS
        ],
        "not_proven": list(NOT_PROVEN),
    }
    return json.dumps(document, indent=2)


def read_file(path: str, most: int) -> bytes:
    """
    Read a file; of one that is too large no more than shows it.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        raise Unusable(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def read_required(text: str) -> list[str]:
    """
    Read the numbers of the checks that must be re-checked.
    """
    required = [one.strip() for one in text.split(",")]
    numbers = [check.number for check in CHECKS]
    unknown = [one for one in required if one not in numbers]
    if unknown:
        raise Unusable(f"--require: no check {shown(unknown[0])}; checks are {', '.join(numbers)}")
    return required


def main(arguments: list[str] | None = None) -> int:
    """
    Check the bundle that is named on the command line, and give the exit status.
    """
    parser = argparse.ArgumentParser(description="Check the bundle of a mission run.")
    parser.add_argument("bundle", help="the file of the bundle")
    parser.add_argument("--trust", help="the file that says whom and what you trust")
    parser.add_argument("--require", help="numbers of the checks that must be re-checked, as in 1,2,7a")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    try:
        required = None if options.require is None else read_required(options.require)
        trust = None if options.trust is None else read_file(options.trust, MAX_TRUST_BYTES)
        report = check_bundle(read_file(options.bundle, MAX_BUNDLE_BYTES), trust, required)
    except Unusable as error:
        print(visible(f"cannot be checked: {error}"), file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 - the edge of the process: a fault in here must not look like an outcome.
        print(f"cannot be checked: a fault of this program, {type(error).__name__}; please report it", file=sys.stderr)
        return 2
    try:
        print(write_json(report) if options.json else "\n".join(write_text(report)), flush=True)
    except BrokenPipeError:
        # Whoever stops reading is still told by the exit status, and not by an error when Python closes the output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if report.lacking else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # A terminal that cannot show a character must not end the program.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # they are text streams here.
    sys.exit(main())
