"""What a reply over HTTP means for an effect. Pure, but for the clock that a date in `Retry-After` is held against.

Rules, referred to by number below:

1. An expected status and a body that can be read: succeeded.
2. A call that only reads and did not succeed is `failed`.
3. A call that changes something and did not succeed is `failed` only where that is certain: nothing was sent, or the other
   side refused it: with 4xx, 501, 307, 308 or a status that the settings say is a refusal. Any other end is `unknown`: the
   reply was lost, the other side broke in the middle of it (5xx), or said something that nobody expected.
4. Nothing is tried again here. The time that `Retry-After` asks for goes back with the outcome, for who does try again.
5. A redirect is not followed: it leads to a call that nobody declared, and would take the credentials along.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from runtime.connectors.http_action import HttpAction
from runtime.connectors.http_auth import Credentials
from runtime.connectors.http_exchange import CallError, Reply
from runtime.connectors.outcomes import failed, succeeded, unknown
from runtime.encoding.jsontext import parse_json
from runtime.encoding.pointer import Pointer, array_index
from runtime.encoding.redaction import redact_text
from runtime.errors import DefinitionError, EncodingError
from runtime.values.answers import EffectOutcome
from runtime.values.requests import EffectMode

__all__ = ["find_member", "finish", "judge", "lose", "read_body", "reject"]

_CODES: Final = {
    HTTPStatus.UNAUTHORIZED: "auth_failed",
    HTTPStatus.FORBIDDEN: "auth_failed",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "auth_failed",
    HTTPStatus.METHOD_NOT_ALLOWED: "unsupported",
    HTTPStatus.NOT_IMPLEMENTED: "unsupported",
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout",
    HTTPStatus.TOO_EARLY: "transient",
    HTTPStatus.TOO_MANY_REQUESTS: "transient",
}
_REFUSALS: Final = frozenset(
    {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT, HTTPStatus.NOT_IMPLEMENTED, *range(400, 500)}
)
_is_seconds = re.compile(r"[0-9]{1,10}").fullmatch
_MISSING: Final = object()


def judge(action: HttpAction, reply: Reply, credentials: Credentials) -> EffectOutcome:
    """
    Say how a call of one request ended.
    """
    if reply.status not in action.expect:
        return reject(action, reply)
    try:
        body = read_body(reply)
        if action.unwrap is not None:
            body = find_member(body, action.unwrap)
    except CallError as error:
        return lose(action, error, has_sent=True)
    return finish(action, {"status": reply.status, "body": body}, credentials)


def finish(action: HttpAction, output: dict[str, Any], credentials: Credentials) -> EffectOutcome:
    """
    Say that a call succeeded (1), with an output that holds no secret it was made with.
    """
    try:
        return succeeded(credentials.scrub(output))
    except (DefinitionError, EncodingError):  # Too deep or too large for an outcome.
        return lose(
            action, CallError("validation_failed", "response_too_large", status=output["status"]), has_sent=True
        )


def lose(action: HttpAction, error: CallError, *, has_sent: bool) -> EffectOutcome:
    """
    Say how a call ended that brought no usable reply.
    """
    end = unknown if action.mode is EffectMode.MUTATE and has_sent else failed  # (2), (3)
    return end(error.code, reason=error.reason, http_status=error.status)


def reject(action: HttpAction, reply: Reply) -> EffectOutcome:
    """
    Say how a call ended that was answered with a status that is not expected.
    """
    status = reply.status
    is_certain = action.mode is EffectMode.READ or status in _REFUSALS or status in action.refused  # (2), (3)
    code, reason = _CODES.get(HTTPStatus(status)) if status in [*HTTPStatus] else None, "status_not_expected"
    if 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED:  # noqa: PLR2004 - the class of redirects.
        code, reason = "policy_denied", "redirect_refused"  # (5)
    if code is None:
        code = "transient" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "validation_failed"
    end = failed if is_certain else unknown
    return end(code, reason=reason, http_status=status, retry_after_ms=_retry_after_ms(reply.headers))


def _retry_after_ms(headers: httpx.Headers) -> int | None:
    """
    Read `Retry-After` (4): seconds, or a date that is held against the date of the reply, else against the clock.
    """
    text = headers.get("Retry-After", "").strip()
    if _is_seconds(text):
        return int(text) * 1000
    until = _as_date(text)
    if until is None:
        return None
    since = _as_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0, int((until - since).total_seconds() * 1000))


def _as_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def read_body(reply: Reply) -> Any:  # noqa: ANN401 - JSON, or text.
    """
    Read a body: JSON where it says so, else text, in which secrets are redacted; nothing is null.

    Raises:
        CallError: it says that it is JSON, and is none that can be recorded.
    """
    if not reply.body:
        return None
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return redact_text(reply.body.decode(errors="replace"))
    try:
        return parse_json(reply.body)
    except EncodingError:
        raise CallError("validation_failed", "response_is_no_json", status=reply.status) from None


def find_member(body: Any, pointer: Pointer, *, default: Any = _MISSING) -> Any:  # noqa: ANN401 - JSON.
    """
    Give the member of a body that a pointer names.

    Raises:
        CallError: there is none, and no default.
    """
    for token in pointer.tokens:
        index = array_index(token)
        if type(body) is dict and token in body:
            body = body[token]
        elif type(body) is list and index is not None and index < len(body):
            body = body[index]
        elif default is not _MISSING:
            return default
        else:
            raise CallError("validation_failed", "response_lacks_member")
    return body
