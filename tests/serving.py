"""A real HTTP server on a free port of loopback, for tests of what calls one: it answers as told and keeps what it got."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs

__all__ = ["Got", "HttpServer", "Said", "serve", "serve_raw"]


@attrs.frozen
class Got:
    """
    A request as it came in.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """
        The target without its query.
        """
        return self.target.partition("?")[0]


@attrs.frozen
class Said:
    """
    What is answered: JSON, or bytes as they are.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = attrs.field(factory=dict)


@attrs.define
class HttpServer:
    """
    A server that runs: where it is, what it got, and how it answers.
    """

    port: int
    answer: Callable[[Got], Said]
    got: list[Got] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        """
        Its address.
        """
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve(answer: Callable[[Got], Said] | Said) -> Iterator[HttpServer]:
    """
    Run a server for as long as the block lasts.
    """
    state = HttpServer(port=0, answer=answer if callable(answer) else lambda _: answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): text for name, text in self.headers.items()}
            got = Got(self.command, self.path, headers, body)
            state.got.append(got)
            said = state.answer(got)
            raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            raw = b"" if said.body is None else raw
            sent = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **said.headers}
            self.send_response_only(said.status)  # Alone, so that a test can give the date.
            for name, text in sent.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names of the library.

        def log_message(self, *_: Any) -> None:
            """
            Stay silent.
            """

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve_raw(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """
    Take connections one after the other, hand each to `handle`, and give the port.

    `handle` ends when the other side closes, at the latest; so it needs no time.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def take() -> None:
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                if is_over.is_set():
                    return
                handle(connection)

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        # Closing a socket that another thread accepts on wakes nobody; a connection does.
        is_over.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()
