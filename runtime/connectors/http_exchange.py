"""One call over HTTP: its requests are sent, and their replies read, within one deadline and one bound of bytes.

What goes wrong is a `CallError`, a code and a reason; what that means for an effect is judged in `http_meaning.py`, which
comes next.
"""

import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, final

import attrs
import httpcore
import httpx

from runtime.connectors.addresses import AddressRule
from runtime.connectors.http_transport import BoundedBackend, BoundedTransport, RefusedError

__all__ = ["CallError", "Exchange", "Reply"]

_AGENT: Final = "mission-runtime"


class CallError(Exception):
    """
    A call that brought no usable reply: the code of an outcome, the reason, and the status where one came.
    """

    def __init__(self, code: str, reason: str, *, status: int | None = None) -> None:
        """
        Keep the parts.
        """
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.status = status


@final
@attrs.frozen(kw_only=True)
class Reply:
    """
    A whole reply.
    """

    url: str = attrs.field(repr=False)
    status: int
    headers: httpx.Headers = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@final
class Exchange:
    """
    The connections of one call, closed when it ends.

    Args:
        rule: which addresses may be connected to.
        resolve: looks a host name up.
        context: what certificates are checked with; None where nothing is encrypted.
        timeout_ms: milliseconds of the whole call.
        limit_bytes: bytes of all bodies together.
    """

    def __init__(
        self,
        rule: AddressRule,
        resolve: Callable[[str, int], list[str]],
        context: ssl.SSLContext | None,
        *,
        timeout_ms: int,
        limit_bytes: int,
    ) -> None:
        """
        Start the clock.
        """
        self._backend = BoundedBackend(rule, resolve, timeout_ms)
        self._transport = BoundedTransport(self._backend, context)
        self._left = limit_bytes

    def __enter__(self) -> Self:
        """
        Give itself.
        """
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """
        Close every connection.
        """
        self._transport.close()

    @property
    def has_sent(self) -> bool:
        """
        Tell whether a byte of a request left.
        """
        return self._backend.has_sent

    def send(self, method: str, url: str, headers: list[tuple[str, str]], content: bytes | None = None) -> Reply:
        """
        Send a request and read its reply.

        Raises:
            CallError: no reply came, or none that may be read.
        """
        own = [("User-Agent", _AGENT), ("Accept-Encoding", "identity")]
        request = httpx.Request(method, url, headers=[*own, *headers], content=content)
        status: int | None = None
        try:
            response = self._transport.handle_request(request)
            status = response.status_code
            try:
                body = self._read(response)
            finally:
                response.close()
        except RefusedError as error:
            raise CallError(*error.args) from None
        except httpcore.TimeoutException:
            raise CallError("timeout", self._stage(status), status=status) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise CallError("transient", self._stage(status), status=status) from None
        return Reply(url=url, status=status, headers=response.headers, body=body)

    def _stage(self, status: int | None) -> str:
        if status is not None:
            return "reply_cut"
        return "no_reply" if self.has_sent else "no_connection"

    def _read(self, response: httpx.Response) -> bytes:
        status = response.status_code
        # What is packed could unpack to any size; it was not asked for.
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
            raise CallError("validation_failed", "response_encoded", status=status)
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > self._left:
                raise CallError("validation_failed", "response_too_large", status=status)
        self._left -= len(body)
        return bytes(body)
