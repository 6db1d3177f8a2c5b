"""Addresses of HTTP: the base address of the settings, and whether another one is of the same origin.

Texts only; nothing here connects. Read `http_settings.py` next.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import attrs

from runtime.connectors.templates import check_path
from runtime.errors import DefinitionError, shown

__all__ = ["check_base_url", "is_base_url", "is_same_origin"]

_is_plain = re.compile(r"[!-~]{1,2048}").fullmatch
_is_host = re.compile(r"[a-z0-9](?:[a-z0-9.\-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]").fullmatch


def check_base_url(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a base address: scheme, host and perhaps a port and a path, all in the form they are sent in.
    """
    if type(value) is not str or not is_base_url(value):
        raise DefinitionError(
            # One with a password in it is not shown.
            f"{field.name} is {shown(value) if '@' not in str(value) else 'an address with a user'}",
            where=field.name,
            remedy="expected http(s)://host[:port][/path] in lower case, without user, query, fragment and places",
        )


def is_base_url(text: str) -> bool:
    """
    Tell whether a text can be a base address.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}")
    is_place = parts.scheme in ("http", "https") and bool(_is_host(host)) and "@" not in parts.netloc
    if not (_is_plain(text) and is_place) or set("?#{}\\") & set(text):
        return False
    try:
        check_path(parts.path or "/")
    except DefinitionError:
        return False
    return True


def is_same_origin(first: str, second: str) -> bool:
    """
    Tell whether two absolute addresses have one scheme, host and port; one with a user has none in common.
    """
    try:
        one, other = (_origin(text) for text in (first, second))
    except ValueError:
        return False
    return one == other and one is not None


def _origin(text: str) -> tuple[str, str, int] | None:
    parts = urlsplit(text)
    if not _is_plain(text) or "\\" in text or "@" in parts.netloc or parts.scheme not in ("http", "https"):
        return None
    if parts.hostname is None:
        return None
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
