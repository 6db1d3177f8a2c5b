"""Credentials of one HTTP call: looked up when it begins, dropped when it ends, and taken out of what comes back.

Whoever is sent a credential can send it back, in a body or in an error. So what a call was made with is replaced in its
output, as it is and as it may have been spelled. Read `http_api.py` next.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, final
from urllib.parse import quote

import attrs

from runtime.connectors.http_settings import Basic, Bearer, HttpSettings
from runtime.connectors.http_url import is_base_url
from runtime.connectors.secrets import Secrets, variable_of
from runtime.encoding.secretmarks import mark
from runtime.errors import SecretUnavailableError, shown

__all__ = ["Credentials", "look_up"]

_is_header_text = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?").fullmatch


@final
@attrs.frozen(kw_only=True)
class Credentials:
    """
    Where a call goes and what vouches for it. `spellings` are the forms in which its secrets could come back.
    """

    base_url: str = attrs.field(repr=False)
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    spellings: tuple[str, ...] = attrs.field(repr=False)

    def scrub(self, value: Any) -> Any:  # noqa: ANN401 - JSON of bounded depth, and the like of it.
        """
        Replace the secrets of the call in JSON, in keys as well.
        """
        if not self.spellings:
            return value
        if type(value) is str:
            for spelling in self.spellings:
                value = value.replace(spelling, mark("key"))
            return value
        if type(value) is dict:
            return {self.scrub(key): self.scrub(item) for key, item in value.items()}
        return [self.scrub(item) for item in value] if type(value) is list else value


def look_up(settings: HttpSettings, secrets: Secrets) -> Credentials:
    """
    Look up what a call needs.

    Raises:
        SecretUnavailableError: a secret is not there, or cannot be used for what it is named for.
    """
    used: list[str] = []
    if settings.base_url_ref is None:
        base_url = settings.base_url or ""
    else:
        base_url = secrets.resolve(settings.base_url_ref)
        used.append(base_url)
        if not is_base_url(base_url) or (base_url.startswith("http:") and not settings.allow_plain_http):
            raise _unusable(settings.base_url_ref, "an https address in lower case, without user, query and fragment")
    headers: list[tuple[str, str]] = []
    auth = settings.auth
    if isinstance(auth, Bearer):
        headers.append(("Authorization", f"Bearer {_header_text(secrets, auth.token_ref, used)}"))
    elif isinstance(auth, Basic):
        password = secrets.resolve(auth.password_ref)
        token = base64.b64encode(f"{auth.user}:{password}".encode(errors="surrogateescape")).decode()
        used += [password, token]
        headers.append(("Authorization", f"Basic {token}"))
    elif auth is not None:
        headers.append((auth.name, auth.prefix + _header_text(secrets, auth.value_ref, used)))
    return Credentials(base_url=base_url, headers=tuple(headers), spellings=_spell(used))


def _header_text(secrets: Secrets, ref: str, used: list[str]) -> str:
    text = secrets.resolve(ref)
    if not _is_header_text(text):
        raise _unusable(ref, "printable ASCII without blanks around it, which is what a header can hold")
    used.append(text)
    return text


def _unusable(ref: str, expected: str) -> SecretUnavailableError:
    return SecretUnavailableError(
        f"secret {shown(ref)} cannot be used", where=variable_of(ref), remedy=f"expected {expected}"
    )


def _spell(values: Iterable[str]) -> tuple[str, ...]:
    spellings = {
        spelling
        for value in values
        for spelling in (
            value,
            quote(value, safe="", errors="replace"),
            quote(value, errors="replace"),
            json.dumps(value)[1:-1],
            base64.b64encode(value.encode(errors="surrogateescape")).decode(),
        )
    }
    return tuple(sorted(spellings, key=lambda text: (-len(text), text)))
