"""Credentials of one HTTP call: looked up when it begins, dropped when it ends, and taken out of what comes back.

How they are taken out is in `scrubbing.py`. Read `http_api.py` next.
"""

import base64
import re
from typing import Any, final

import attrs

from runtime.connectors.http_settings import Basic, Bearer, HttpSettings
from runtime.connectors.http_url import is_base_url
from runtime.connectors.scrubbing import scrub, spell
from runtime.connectors.secrets import Secrets, variable_of
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
        return scrub(value, self.spellings)


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
    return Credentials(base_url=base_url, headers=tuple(headers), spellings=spell(used))


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
