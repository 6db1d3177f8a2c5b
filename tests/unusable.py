"""Bytes that are no bundle, no trust file and no key, each with a word of the refusal that is due to it."""

import json
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from signers import make_key
from supplying import LOG_KEY, ORIGIN, make_document, seal

from runtime.evidence.lognote import VerifierKey
from runtime.evidence.mission_verify import FIELD, ORDER_8

__all__ = ["INPUTS", "KEYS", "LOG_KEYS", "LOG_TEXT", "PEM", "TRUSTS"]

GOOD = make_document()


def _pem(kind: Any) -> str:
    raw: bytes = kind.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return raw.decode()


def _pem_of(point: bytes) -> str:
    text = b64encode(bytes.fromhex("302a300506032b6570032100") + point).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


INPUTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + seal(GOOD), "not JSON"),
    "another encoding": ('{"schema": "bundle/v1"}'.encode("utf-16"), "not UTF-8"),
    "cut off": (seal(GOOD)[:-1], "not JSON"),
    "a list": (b"[]", "expected schema bundle/v1"),
    "no schema": (b"{}", "expected schema bundle/v1"),
    "another version": (seal(GOOD | {"schema": "bundle/v2"}), "expected schema bundle/v1"),
    "a key twice": (b'{"schema":"bundle/v1","a":1,"a":1}', "'a' stands twice"),
    "a key twice, deep inside": (b'{"schema":"bundle/v1","a":[{"b":1,"b":2}]}', "'b' stands twice"),
    "NaN": (b'{"schema":"bundle/v1","a":NaN}', "NaN is no JSON"),
    "infinity": (b'{"schema":"bundle/v1","a":1e999}', "beyond 2^53-1"),
    "an integer beyond the range": (b'{"schema":"bundle/v1","a":9007199254740992}', "beyond 2^53-1"),
    "a fraction beyond the range": (b'{"schema":"bundle/v1","a":-9007199254740992.0}', "beyond 2^53-1"),
    "an integer of 10000 digits": (b'{"schema":"bundle/v1","a":' + b"9" * 10_000 + b"}", "beyond 2^53-1"),
    "a lone surrogate": (b'{"schema":"bundle/v1","a":"\\ud800"}', "lone surrogate"),
    "a lone surrogate in a key": (b'{"schema":"bundle/v1","\\udfff":1}', "lone surrogate"),
    "73 deep": (b'{"schema":"bundle/v1","a":' + b"[" * 72 + b"]" * 72 + b"}", "nested deeper than 72"),
    "10000 deep": (b"[" * 10_000 + b"]" * 10_000, "nested"),
    "100000 objects deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested"),
}


PEM = make_key("operator").public.pem
KEYS: dict[str, str] = {
    "RSA": _pem(rsa.generate_private_key(65537, 2048)),
    "EC": _pem(ec.generate_private_key(ec.SECP256R1())),
    "X25519": _pem(x25519.X25519PrivateKey.generate()),
    "private": make_key("operator").to_pem(),
    "garbage": "garbage",
    "empty": "",
    "binary": "\0",
    "beyond ASCII": PEM + "é",
    "cut off": PEM[:60],
    "damaged": PEM.replace("M", "!"),
    "text around it": f"key:\n{PEM}",
    "text behind it": f"{PEM}end",
    "two": PEM + PEM,
    "two lines": make_key("ada").public.openssh + "\n" + make_key("bob").public.openssh,
    "cut line": make_key("ada").public.openssh[:30],
    "too long": make_key("ada").public.openssh + " " + "x" * 16384,
    "of small order": _pem_of(bytes(32)),
    "of order 8": _pem_of(ORDER_8.to_bytes(32, "little")),
    "not in its shortest form": _pem_of((FIELD + 1).to_bytes(32, "little")),
}


LOG_TEXT = str(VerifierKey.of(ORIGIN, LOG_KEY))
LOG_KEYS: dict[str, str] = {
    "PEM": PEM,
    "another type": LOG_TEXT.replace("+A", "+B"),
    "no base64": LOG_TEXT + "!",
    "cut off": LOG_TEXT[:-4],
    "another hash": LOG_TEXT.replace("+", "+00000000+", 1).replace(LOG_TEXT.split("+")[1] + "+", "", 1),
    "another name": "x" + LOG_TEXT,
    "a name with a space": "a " + LOG_TEXT,
}


TRUSTS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"keys:", "not JSON"),
    "a key twice": (b'{"schema":"trust/v1","engines":["1.0"],"engines":[]}', "stands twice"),
    "a list": (b"[]", "trust/v1"),
    "another version": (b'{"schema":"trust/v2"}', "trust/v1"),
    "nothing named": (b'{"schema":"trust/v1"}', "names nothing"),
    "nothing named in words": (b'{"schema":"trust/v1","engines":[],"approvers":{}}', "names nothing"),
    "an unknown line": (b'{"schema":"trust/v1","operators":[]}', "operators is no known member"),
    "keys as text": (b'{"schema":"trust/v1","operator_keys":"x"}', "operator_keys"),
    "approvers as list": (b'{"schema":"trust/v1","approvers":[]}', "approvers"),
    "an approver as text": (b'{"schema":"trust/v1","approvers":{"ada":"x"}}', "approvers"),
    "an approver without a key": (b'{"schema":"trust/v1","approvers":{"ada":{"keys":[]}}}', "approvers"),
    "an approver without a name": (b'{"schema":"trust/v1","approvers":{"":{"keys":["x"]}}}', "approvers"),
    "a role that is empty": (b'{"schema":"trust/v1","approvers":{"ada":{"keys":["x"],"roles":[""]}}}', "approvers"),
    "a key under two names": (
        json.dumps(
            {
                "schema": "trust/v1",
                "approvers": {name: {"keys": [make_key("ada").public.openssh]} for name in ("ada", "bob")},
            }
        ).encode(),
        "under two names",
    ),
    "a digest that is none": (b'{"schema":"trust/v1","definitions":["x"]}', "definitions"),
    "an engine that is a number": (b'{"schema":"trust/v1","engines":[1.0]}', "engines"),
    "more than 1 MiB": (b'{"schema":"trust/v1","engines":["1.0"]}' + b" " * 2**20, "and the limit is"),
    "65 deep": (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "nested deeper than 64"),
}
