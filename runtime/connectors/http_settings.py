"""Settings of the connector `http_api`: where it calls, as whom, and within which bounds.

Values only; nothing here calls anybody or looks a secret up. A secret is never written here: `*_ref` names it, and a
header that looks like one is refused. Faults are reported all together. What an action is stands in `http_action.py`; read
`http_api.py` next.
"""

import re
from typing import Any, ClassVar, Final, final

import attrs

from runtime.connectors.addresses import are_networks
from runtime.connectors.command import MAX_TIMEOUT_MS, in_range, is_not_empty
from runtime.connectors.http_action import HttpAction
from runtime.connectors.http_url import check_base_url
from runtime.connectors.secrets import is_secret_ref
from runtime.encoding.redaction import find_secrets
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.values.checks import is_identifier, of_type

__all__ = ["Basic", "Bearer", "HeaderAuth", "HttpSettings"]

MAX_RESPONSE_BYTES: Final = MAX_PAYLOAD_BYTES // 2
"""Bytes of all bodies of one call; with what JSON escapes they still fit an outcome, or are refused as no outcome."""
_OWN_HEADERS: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_is_header_name = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}").fullmatch
_is_header_text = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?").fullmatch


def _is_free_header(_: object, field: "attrs.Attribute[Any]", name: object) -> None:
    if type(name) is not str or not _is_header_name(name):
        raise DefinitionError(f"{field.name} {shown(name)}", where=field.name, remedy="expected the name of a header")


def _are_headers(_: object, field: "attrs.Attribute[Any]", value: dict[str, str]) -> None:
    for name, text in value.items():
        _is_free_header(_, field, name)
        if name.lower() in _OWN_HEADERS:
            raise DefinitionError(f"header {name}", where=field.name, remedy="the connector sets it itself; see `auth`")
        if find_secrets({name: text}):
            raise DefinitionError(
                f"header {name} looks like a secret", where=field.name, remedy="use `auth` with the name of the secret"
            )
        if not _is_header_text(text):
            raise DefinitionError(f"header {name}", where=field.name, remedy="expected printable ASCII")
    if len({name.lower() for name in value}) != len(value):
        raise DefinitionError("a header twice", where=field.name, remedy="names differ by more than case")


@final
@attrs.frozen(kw_only=True)
class Bearer:
    """
    `Authorization: Bearer` and the secret that `token_ref` names.
    """

    token_ref: str = attrs.field(validator=is_secret_ref)

    KIND: ClassVar[str] = "bearer"


@final
@attrs.frozen(kw_only=True)
class Basic:
    """
    `Authorization: Basic` of a user and the secret that `password_ref` names.
    """

    user: str = attrs.field(validator=is_identifier)
    password_ref: str = attrs.field(validator=is_secret_ref)

    KIND: ClassVar[str] = "basic"

    def __attrs_post_init__(self) -> None:
        """
        Refuse what the other side would read as another user.
        """
        if ":" in self.user or not _is_header_text(self.user):
            raise DefinitionError(f"user {shown(self.user)}", where="user", remedy="printable ASCII without a colon")


@final
@attrs.frozen(kw_only=True)
class HeaderAuth:
    """
    A header of its own: `prefix`, then the secret that `value_ref` names.
    """

    name: str = attrs.field(validator=_is_free_header)
    value_ref: str = attrs.field(validator=is_secret_ref)
    prefix: str = attrs.field(default="", validator=attrs.validators.matches_re(r"[\x21-\x7e]?[\x20-\x7e]{0,127}"))

    KIND: ClassVar[str] = "header"

    def __attrs_post_init__(self) -> None:
        """
        Refuse headers that say how the message is framed.
        """
        if self.name.lower() in _OWN_HEADERS - {"authorization", "cookie"}:
            raise DefinitionError(f"header {self.name}", where="name", remedy="the connector sets it itself")


@final
@attrs.frozen(kw_only=True)
class HttpSettings:
    """
    The settings document of `http_api`.
    """

    base_url: str | None = attrs.field(default=None, validator=attrs.validators.optional(check_base_url))
    base_url_ref: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_secret_ref))
    actions: dict[str, HttpAction] = attrs.field(validator=is_not_empty)
    auth: Bearer | Basic | HeaderAuth | None = None
    headers: dict[str, str] = attrs.field(factory=dict, validator=_are_headers)
    allow_addresses: tuple[str, ...] = attrs.field(default=(), validator=are_networks)
    allow_plain_http: bool = attrs.field(default=False, validator=of_type(bool))
    ca_file: str | None = None
    timeout_ms: int = attrs.field(default=10_000, validator=in_range(1, MAX_TIMEOUT_MS))
    response_limit_bytes: int = attrs.field(default=262_144, validator=in_range(1, MAX_RESPONSE_BYTES))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))

    def __attrs_post_init__(self) -> None:
        """
        Demand one base address, encrypted unless plain HTTP was asked for.
        """
        if (self.base_url is None) == (self.base_url_ref is None):
            raise DefinitionError("no one base address", where="base_url", remedy="give base_url or base_url_ref")
        if (self.base_url or "").startswith("http:") and not self.allow_plain_http:
            raise DefinitionError(
                f"base_url {shown(self.base_url)} is not encrypted",
                where="base_url",
                remedy="use https, or set allow_plain_http to true where nobody can listen",
            )

    @property
    def secret_refs(self) -> list[str]:
        """
        The names of the secrets a call looks up.
        """
        auth = self.auth
        named = [self.base_url_ref]
        if auth is not None:
            named.append(
                getattr(auth, "token_ref", None)
                or getattr(auth, "password_ref", None)
                or getattr(auth, "value_ref", None)
            )
        return sorted({name for name in named if name is not None})
