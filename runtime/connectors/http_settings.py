"""Settings of the connector `http_api`: where it calls, as whom, and what each action sends.

Values only; nothing here calls anybody or looks a secret up. Faults are reported all together. Rules, referred to by
number below:

1. A secret is never written here: `*_ref` names it, and a header that looks like one is refused.
2. Every place of a template is a declared param, and every param has a place.
3. What only reads may be paged; what changes something says what it was refused with, and how to look whether it was done.

Read `http_api.py` next.
"""

import re
from typing import Any, ClassVar, Final, Literal, final

import attrs

from runtime.connectors.addresses import are_networks
from runtime.connectors.command import MAX_TIMEOUT_MS, in_range
from runtime.connectors.http_url import check_base_url
from runtime.connectors.params import Param, describe_params
from runtime.connectors.secrets import is_secret_ref
from runtime.connectors.templates import check_path, list_places
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.encoding.pointer import Pointer
from runtime.encoding.redaction import find_secrets
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.values.checks import is_identifier, is_small_json, of_type
from runtime.values.requests import EffectMode

__all__ = ["KEY_PLACE", "Basic", "Bearer", "HeaderAuth", "HttpAction", "HttpSettings", "Pages", "Probe"]

KEY_PLACE: Final = "request_digest"
"""A place that is always there: the digest of the request, which also is the `Idempotency-Key`."""

MAX_PAGES: Final = 100
MAX_RESPONSE_BYTES: Final = MAX_PAYLOAD_BYTES // 2
"""Bytes of all bodies of one call; with what JSON escapes they still fit an outcome, or are refused as no outcome."""
_STATUSES: Final = range(200, 600)
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
        if find_secrets({name: text}):  # (1)
            raise DefinitionError(
                f"header {name} looks like a secret", where=field.name, remedy="use `auth` with the name of the secret"
            )
        if not _is_header_text(text):
            raise DefinitionError(f"header {name}", where=field.name, remedy="expected printable ASCII")
    if len({name.lower() for name in value}) != len(value):
        raise DefinitionError("a header twice", where=field.name, remedy="names differ by more than case")


def _are_statuses(_: object, field: "attrs.Attribute[Any]", value: tuple[int, ...]) -> None:
    if any(status not in _STATUSES for status in value):
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="list statuses 200 to 599")


def _is_path(_: object, __: "attrs.Attribute[Any]", value: str) -> None:
    check_path(value)


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
class Pages:
    """
    How one page leads to the next.

    `items` points at the list of a page. The way on is one of `next`, the pointer of an address, `link_header`, and
    `cursor`, the pointer of a text or number that is sent as the query `cursor_query`.
    """

    items: Pointer
    next: Pointer | None = None
    link_header: bool = attrs.field(default=False, validator=of_type(bool))
    cursor: Pointer | None = None
    cursor_query: str = attrs.field(default="cursor", validator=is_identifier)
    max_pages: int = attrs.field(default=10, validator=in_range(1, MAX_PAGES))

    def __attrs_post_init__(self) -> None:
        """
        Demand one way on.
        """
        if (self.next is not None) + self.link_header + (self.cursor is not None) != 1:
            raise DefinitionError("pages without one way on", remedy="give one of next, link_header and cursor")


@final
@attrs.frozen(kw_only=True)
class Probe:
    """
    How to look whether a call was done, by reading.

    A status of `done` says so, one of `not_done` says that it was not and will not be, any other leaves it unknown.
    """

    path: str = attrs.field(validator=_is_path)
    query: dict[str, str] = attrs.field(factory=dict)
    done: tuple[int, ...] = attrs.field(default=(200,), validator=_are_statuses)
    not_done: tuple[int, ...] = attrs.field(default=(), validator=_are_statuses)

    def __attrs_post_init__(self) -> None:
        """
        Refuse a probe that can say neither, or both.
        """
        if not self.done or set(self.done) & set(self.not_done):
            raise DefinitionError(
                "done that is empty or shares a status with not_done", where="done", remedy="a status says one of them"
            )


@final
@attrs.frozen(kw_only=True)
class HttpAction:
    """
    One action: what is sent, and what the answer means.
    """

    mode: EffectMode = attrs.field(validator=of_type(EffectMode))
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str = attrs.field(validator=_is_path)
    params: dict[str, Param] = attrs.field(factory=dict)
    query: dict[str, str] = attrs.field(factory=dict)
    body: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)
    expect: tuple[int, ...] = attrs.field(default=(200, 201, 202, 204), validator=_are_statuses)
    refused: tuple[int, ...] = attrs.field(default=(), validator=_are_statuses)
    unwrap: Pointer | None = None
    pages: Pages | None = None
    timeout_ms: int | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(1, MAX_TIMEOUT_MS)))
    idempotent: bool = attrs.field(default=False, validator=of_type(bool))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))
    reconcile: Probe | None = None
    dry_run: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)

    def __attrs_post_init__(self) -> None:
        """
        Hold the parts together.
        """
        is_read = self.mode is EffectMode.READ
        if not self.expect:
            raise DefinitionError("no status is expected", where="expect", remedy="list at least one")
        if set(self.expect) & set(self.refused):
            raise DefinitionError("a status both expected and refused", where="refused", remedy="take it out of one")
        if self.pages is not None and not (is_read and self.method == "GET" and self.unwrap is None):  # (3)
            raise DefinitionError("pages", where="pages", remedy="only GET that reads has pages, and then no unwrap")
        if is_read and (self.reconcile is not None or self.refused):  # (3)
            raise DefinitionError(
                "reconcile or refused of what reads",
                where="mode",
                remedy="only what mutates has them; a read is repeated",
            )
        if self.method == "GET" and self.body is not None:
            raise DefinitionError("GET with a body", where="body", remedy="put it into the query, or use POST")
        self._check_places()

    def _check_places(self) -> None:
        """
        Refuse places without a param, and params without a place (2).
        """
        probe = self.reconcile
        paths = {**list_places(self.path), **list_places("" if probe is None else probe.path)}
        texts = [*self.query.values(), *(() if probe is None else probe.query.values())]
        scalar = {*paths, *list_places([*texts])}
        body = list_places(thaw(self.body))
        scalar |= {name for name, is_whole in body.items() if not is_whole}
        used = {*scalar, *body} - {KEY_PLACE}
        if used != {*self.params} or KEY_PLACE in self.params:
            odd = sorted(used ^ {*self.params}) or [KEY_PLACE]
            raise DefinitionError(
                f"params and places differ: {shown(odd)}",
                where="params",
                remedy=f"declare each place as a param and give each param a place; {KEY_PLACE} is there by itself",
            )
        for name, param in self.params.items():
            if name in paths and not param.required:
                raise DefinitionError(
                    f"optional param {shown(name)} in a path", where="params", remedy="let it be required"
                )
            if name in scalar and not param.is_scalar:
                raise DefinitionError(
                    f"param {shown(name)} of any JSON inside a text",
                    where="params",
                    remedy="let it be a whole text of the body",
                )

    def describe(self) -> dict[str, Any]:
        """
        Say what it does, as `describe()` of the connector shows it.
        """
        empty = {"items": [], "pages": 1, "truncated": False} if self.pages is not None else {"body": None}
        return {
            "mode": self.mode.value,
            "params": describe_params(self.params),
            "idempotent": self.idempotent or self.mode is EffectMode.READ,
            "dry_run": {"status": self.expect[0], **empty} if self.dry_run is None else thaw(self.dry_run),
            "reconcile": self.reconcile is not None,
        }


@final
@attrs.frozen(kw_only=True)
class HttpSettings:
    """
    The settings document of `http_api`.
    """

    base_url: str | None = attrs.field(default=None, validator=attrs.validators.optional(check_base_url))
    base_url_ref: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_secret_ref))
    actions: dict[str, HttpAction]
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
        if not self.actions:
            raise DefinitionError("no actions", where="actions", remedy="declare at least one")

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
