"""Actions of the connector `http_api`: what each sends, and what its answer means. Values only; nothing here calls anybody.

Rules, referred to by number below:

1. Every place of a template is a declared param, and every param has a place.
2. What only reads may be paged; what changes something says what it was refused with, and how to look whether it was done.

Read `http_settings.py` for what stands around them.
"""

from typing import Any, Final, Literal, final

import attrs

from runtime.connectors.command import MAX_TIMEOUT_MS, in_range
from runtime.connectors.params import Param, describe_params
from runtime.connectors.templates import check_path, list_places
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, shown
from runtime.values.checks import is_identifier, is_small_json, of_type
from runtime.values.requests import EffectMode

__all__ = ["KEY_PLACE", "MAX_PAGES", "HttpAction", "Pages", "Probe"]

KEY_PLACE: Final = "request_digest"
"""A place that is always there: the digest of the request, which also is the `Idempotency-Key`."""
MAX_PAGES: Final = 100
"""Pages of one call."""

_STATUSES: Final = range(200, 600)


def _are_statuses(_: object, field: "attrs.Attribute[Any]", value: tuple[int, ...]) -> None:
    if any(status not in _STATUSES for status in value):
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="list statuses 200 to 599")


def _is_path(_: object, __: "attrs.Attribute[Any]", value: str) -> None:
    check_path(value)


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
        if self.pages is not None and not (is_read and self.method == "GET" and self.unwrap is None):  # (2)
            raise DefinitionError("pages", where="pages", remedy="only GET that reads has pages, and then no unwrap")
        if is_read and (self.reconcile is not None or self.refused):  # (2)
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
        Refuse places without a param, and params without a place (1).
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
