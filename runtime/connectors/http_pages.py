"""Reads a list that comes in pages, each from the origin of the first, up to a bound.

The way to the next page is said by the other side, so it is believed only within the origin the settings name: elsewhere
the credentials would go to whoever it names. Read `http_api.py` next.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urldefrag, urljoin, urlsplit, urlunsplit

import httpx

from runtime.connectors.http_action import HttpAction, Pages
from runtime.connectors.http_auth import Credentials
from runtime.connectors.http_exchange import CallError, Reply
from runtime.connectors.http_meaning import find_member, finish, lose, read_body, reject
from runtime.connectors.http_url import is_same_origin
from runtime.values.answers import EffectOutcome

__all__ = ["read_pages"]

_END: Final = (None, "", False)


def read_pages(
    action: HttpAction, pages: Pages, first: str, send: Callable[[str], Reply], credentials: Credentials
) -> EffectOutcome:
    """
    Read page after page and join their items.

    Args:
        action: the action, which only reads.
        pages: how its pages hang together.
        first: the address of the first page.
        send: reads the page of an address; raises `CallError`.
        credentials: what the call is made with.
    """
    items: list[Any] = []
    url: str | None = first
    count = 0
    while url is not None and count < pages.max_pages:
        try:
            reply = send(url)
            if reply.status not in action.expect:
                return reject(action, reply)
            body = read_body(reply)
            items += _items_of(body, pages, reply)
            count += 1
            url = _next_url(pages, reply, body, first)
        except CallError as error:
            return lose(action, error, has_sent=True)
    output = {"status": reply.status, "items": items, "pages": count, "truncated": url is not None}
    return finish(action, output, credentials)


def _items_of(body: Any, pages: Pages, reply: Reply) -> list[Any]:  # noqa: ANN401 - JSON.
    found = find_member(body, pages.items)
    if type(found) is not list:
        raise CallError("validation_failed", "response_items_no_list", status=reply.status)
    return found


def _next_url(pages: Pages, reply: Reply, body: Any, first: str) -> str | None:  # noqa: ANN401 - JSON.
    """
    Give the address of the next page, or None after the last.
    """
    if pages.cursor is not None:
        cursor = find_member(body, pages.cursor, default=None)
        if cursor in _END or type(cursor) not in (str, int):
            return None
        return _with_query(first, pages.cursor_query, str(cursor))
    target: Any
    if pages.next is not None:
        target = find_member(body, pages.next, default=None)
    else:
        target = httpx.Response(200, headers=reply.headers).links.get("next", {}).get("url")
    if target in _END:
        return None
    if type(target) is not str:
        raise CallError("validation_failed", "next_page_no_address", status=reply.status)
    try:
        url = urldefrag(urljoin(reply.url, target)).url
    except ValueError:
        url = ""
    if not is_same_origin(first, url):
        raise CallError("policy_denied", "next_page_of_other_origin", status=reply.status)
    return url


def _with_query(url: str, name: str, text: str) -> str:
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in [*pairs, (name, text)])
    return urlunsplit(parts._replace(query=query))
