"""One HTTP exchange on a connection whose address was checked, within one deadline.

Rules, referred to by number below:

1. A host name is looked up once a call. Every address it has must be allowed, and the connection goes to one of those
   very addresses: a name that leads elsewhere a moment later (DNS rebinding) changes nothing. The certificate is checked
   against the name all the same.
2. One deadline holds for everything: look-up, connection, TLS, each byte sent and received. A slow peer cannot stretch it.
3. What was sent is known: `has_sent` turns true with the first byte of a request, and not before. Until then a call is
   known not done.
4. Nothing of the environment is used: no proxy, no certificates, no password file. No redirect is followed, no cookie
   kept, nothing tried again.
5. The library's own log lines of a call are dropped, because they show addresses and headers.

Imported by `http_api.py` only, which is loaded when a connector of that kind is made. Read `http_exchange.py` next.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, final

import attrs
import httpcore
import httpx

from runtime.connectors.addresses import AddressRule

__all__ = ["BoundedBackend", "BoundedTransport", "RefusedError", "make_ssl_context", "resolve_host"]

_SLICE_BYTES: Final = 16_384
_IN_CALL: Final = threading.local()


class RefusedError(Exception):
    """
    A connection that is not made, for a reason that another try does not change; `args` are code and reason.
    """


def _is_quiet(_: logging.LogRecord) -> bool:
    return not getattr(_IN_CALL, "depth", 0)  # (5)


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_is_quiet)


def resolve_host(host: str, port: int) -> list[str]:
    """
    Look a host name up: its addresses, in the order the system gives them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [*dict.fromkeys(str(entry[4][0]) for entry in found)]


def make_ssl_context(ca_file: str | None) -> ssl.SSLContext:
    """
    Make the context that checks certificates and names: against the given file, or the certificates of the library.
    """
    if ca_file is not None:
        return ssl.create_default_context(cafile=ca_file)
    return httpx.create_ssl_context(verify=True, trust_env=False)


@final
class BoundedBackend(httpcore.NetworkBackend):
    """
    Makes the connections of one call.

    Args:
        rule: which addresses may be connected to.
        resolve: looks a host name up.
        timeout_ms: milliseconds of the call.
    """

    def __init__(self, rule: AddressRule, resolve: Callable[[str, int], list[str]], timeout_ms: int) -> None:
        """
        Start the clock.
        """
        self.has_sent = False
        self._rule = rule
        self._resolve = resolve
        self._deadline = time.monotonic() + timeout_ms / 1000
        self._addresses: dict[str, list[str]] = {}

    def remaining(self, error: type[Exception]) -> float:
        """
        Give the seconds left, or raise that there are none.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise error
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the signature of the library; the deadline is ours (2).
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """
        Connect to one of the checked addresses of a host (1).
        """
        if host not in self._addresses:
            self._addresses[host] = self._look_up(host, port)
        failure: Exception = httpcore.ConnectError()
        for address in self._addresses[host]:
            left = self.remaining(httpcore.ConnectTimeout)
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(backend=self, stream=stream)
        raise failure

    def _look_up(self, host: str, port: int) -> list[str]:
        found: list[list[str]] = []

        def look_up() -> None:
            try:
                found.append(self._resolve(host, port))
            except (OSError, UnicodeError):
                found.append([])

        # The system's look-up cannot be given a time; one that outlasts the call is left behind.
        thread = threading.Thread(target=look_up, name="look-up", daemon=True)
        thread.start()
        thread.join(self.remaining(httpcore.ConnectTimeout))
        if not found:
            raise httpcore.ConnectTimeout
        addresses = found[0]
        if not addresses:
            raise httpcore.ConnectError
        if not all(self._rule.allows(address) for address in addresses):
            raise RefusedError("policy_denied", "address_refused")
        return addresses


@final
@attrs.define(kw_only=True)
class _BoundedStream(httpcore.NetworkStream):
    """
    A connection under the deadline of its call.
    """

    backend: BoundedBackend
    stream: httpcore.NetworkStream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - (2)
        return self.stream.read(max_bytes, self.backend.remaining(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - (2)
        for start in range(0, len(buffer), _SLICE_BYTES):
            left = self.backend.remaining(httpcore.WriteTimeout)
            self.backend.has_sent = True  # (3)
            self.stream.write(buffer[start : start + _SLICE_BYTES], left)

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - (2)
    ) -> httpcore.NetworkStream:
        left = self.backend.remaining(httpcore.ConnectTimeout)
        try:
            stream = self.stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__ or error.__context__, ssl.SSLCertVerificationError):
                raise RefusedError("auth_failed", "certificate_refused") from None
            raise
        return _BoundedStream(backend=self.backend, stream=stream)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - whatever the library asks about.
        return self.stream.get_extra_info(info)


@final
class BoundedTransport(httpx.BaseTransport):
    """
    Sends requests over the connections of a backend (4).
    """

    def __init__(self, backend: BoundedBackend, context: ssl.SSLContext | None) -> None:
        """
        Open nothing yet.
        """
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend, max_connections=1, retries=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request; the body of the response is read as it comes, and as it was sent: never unpacked.
        """
        url = request.url
        answer = self._quietly(
            lambda: self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.content,
                )
            )
        )
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - narrows the type; the pool is no async one.
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, self._quietly), extensions=answer.extensions
        )

    def close(self) -> None:
        """
        Close every connection.
        """
        self._quietly(self._pool.close)

    @staticmethod
    def _quietly(act: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `act` gives.
        _IN_CALL.depth = getattr(_IN_CALL, "depth", 0) + 1
        try:
            return act()
        finally:
            _IN_CALL.depth -= 1


@final
class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, quietly: Callable[[Callable[[], Any]], Any]) -> None:
        self._answer = answer
        self._quietly = quietly

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._answer.stream, Iterable)  # noqa: S101 - narrows the type, as above.
        parts = iter(self._answer.stream)
        while (part := self._quietly(lambda: next(parts, None))) is not None:
            yield part

    def close(self) -> None:
        self._quietly(self._answer.close)
