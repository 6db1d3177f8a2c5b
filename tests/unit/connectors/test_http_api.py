"""The connector `http_api` against a real server: what it sends, what the answers mean, what is tried again (nothing)."""

import base64
import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from serving import Got, HttpServer, Said, serve, serve_raw

from runtime.connectors.http_api import HttpApi, build
from runtime.encoding.frozen import thaw
from runtime.errors import ConnectorSettingsError
from runtime.execution import ExecutionPolicy, GovernedConnector, RetryPolicy
from runtime.values import EffectOutcome

Perform = Callable[..., EffectOutcome]

READ = {"mode": "read", "method": "GET", "path": "/things/{name}", "params": {"name": {}}}
WRITE = {
    "mode": "mutate",
    "method": "POST",
    "path": "/things",
    "params": {
        "name": {},
        "size": {"type": "integer"},
        "note": {"required": False},
        "tags": {"type": "json", "required": False},
    },
    "body": {"name": "{name}", "size": "{size}", "title": "thing {name}", "note": "{note}", "tags": "{tags}"},
}


def make_settings(url: str, **changes: Any) -> dict[str, Any]:
    """
    Make a settings document for a server of loopback.
    """
    return {
        "base_url": url,
        "allow_plain_http": True,
        "allow_addresses": ["127.0.0.0/8"],
        "actions": {"read": READ, "write": WRITE},
        **changes,
    }


def connect(server: HttpServer, **changes: Any) -> HttpApi:
    """
    Make a connector to a server.
    """
    return build(make_settings(server.url, **changes))


def with_action(**changes: Any) -> dict[str, Any]:
    """
    Give one action named `act` that reads, changed.
    """
    return {"act": {"mode": "read", "method": "GET", "path": "/", **changes}}


def told(outcome: EffectOutcome) -> tuple[str, str | None, dict[str, Any]]:
    """
    Give status, code and what the attempt tells besides.
    """
    attempts = outcome.attempts.thaw()
    details = {
        name: value for one in attempts for name, value in one.items() if name not in ("number", "status", "code")
    }
    return outcome.status.value, outcome.code, details


class TestACall:
    """
    What is declared is what is sent.
    """

    def test_sends_params_as_data(self, perform: Perform) -> None:
        """
        Whatever is in them, in the path and in the query.
        """
        action = {**READ, "query": {"q": "{q}", "fixed": "1"}, "params": {"name": {}, "q": {"required": False}}}
        with serve(Said(body={"ok": True})) as server:
            connector = connect(server, actions={"read": action}, headers={"X-Trace": "a b"})
            params = {"name": "../a b/%2e?x#y", "q": "a&fixed=2"}
            outcome = perform(connector, "read", params)
            perform(connector, "read", {"name": "plain"})
        assert thaw(outcome.output) == {"status": 200, "body": {"ok": True}}
        first, second = server.got
        assert first.target == "/things/..%2Fa%20b%2F%252e%3Fx%23y?q=a%26fixed%3D2&fixed=1"
        assert second.target == "/things/plain?fixed=1"
        assert first.headers["x-trace"] == "a b"
        assert first.headers["host"] == f"127.0.0.1:{server.port}"
        assert first.headers["accept-encoding"] == "identity"
        assert "idempotency-key" not in first.headers

    def test_sends_a_body_with_types_and_without_what_is_absent(self, perform: Perform) -> None:
        """
        As canonical JSON.
        """
        with serve(Said(201, {"id": 7})) as server:
            connector = connect(server)
            params = {"name": 'x","size":9', "size": 5, "tags": [{"a": None}]}
            outcome = perform(connector, "write", params, mode="mutate")
        assert thaw(outcome.output) == {"status": 201, "body": {"id": 7}}
        sent = {"name": 'x","size":9', "size": 5, "title": 'thing x","size":9', "tags": [{"a": None}]}
        assert json.loads(server.got[0].body) == sent
        assert server.got[0].headers["content-type"] == "application/json"

    def test_that_mutates_carries_the_digest_of_its_request(self, perform: Perform) -> None:
        """
        The same request has the same key, another one another.
        """
        action = {**WRITE, "path": "/things/{request_digest}"}
        with serve(Said(201)) as server:
            for size in (1, 1, 2):
                perform(connect(server, actions={"write": action}), "write", {"name": "a", "size": size}, mode="mutate")
        keys = [got.headers["idempotency-key"] for got in server.got]
        assert keys[0] == keys[1] != keys[2]
        assert keys[0].startswith("sha256:")
        assert server.got[0].target == "/things/" + keys[0].replace(":", "%3A")

    @pytest.mark.parametrize(
        ("auth", "sent"),
        [
            ({"kind": "bearer", "token_ref": "T"}, ("authorization", "Bearer s3cret-value")),
            (
                {"kind": "basic", "user": "ada", "password_ref": "T"},
                ("authorization", "Basic " + base64.b64encode(b"ada:s3cret-value").decode()),
            ),
            ({"kind": "header", "name": "X-Api-Key", "value_ref": "T"}, ("x-api-key", "s3cret-value")),
            (
                {"kind": "header", "name": "Authorization", "value_ref": "T", "prefix": "Token token="},
                ("authorization", "Token token=s3cret-value"),
            ),
        ],
        ids=["bearer", "basic", "header", "header_with_prefix"],
    )
    def test_vouches_as_it_is_told(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch, auth: dict[str, str], sent: tuple[str, str]
    ) -> None:
        """
        With the value of that moment; without it nothing is sent.
        """
        with serve(Said(body=1)) as server:
            connector = connect(server, auth=auth)
            assert told(perform(connector, "read", {"name": "a"})) == (
                "failed",
                "auth_failed",
                {"reason": "secret_unavailable"},
            )
            assert not server.got
            monkeypatch.setenv("MISSION_SECRET_T", "s3cret-value")
            perform(connector, "read", {"name": "a"})
        assert server.got[0].headers[sent[0]] == sent[1]
        assert connector.describe()["secrets"] == ["T"]

    def test_may_have_its_base_address_from_a_secret(self, perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Held to the same rules as one of the settings.
        """
        with serve(Said(body=1)) as server:
            settings = make_settings(server.url, base_url_ref="BASE")
            del settings["base_url"]
            monkeypatch.setenv("MISSION_SECRET_BASE", f"{server.url}/v1/")
            assert thaw(perform(build(settings), "read", {"name": "a"}).output)["body"] == 1
            assert server.got[0].target == "/v1/things/a"
            monkeypatch.setenv("MISSION_SECRET_BASE", server.url.replace("//", "//user:pw@"))
            assert perform(build(settings), "read", {"name": "a"}).code == "auth_failed"
            settings["allow_plain_http"] = False
            monkeypatch.setenv("MISSION_SECRET_BASE", server.url)
            assert perform(build(settings), "read", {"name": "a"}).code == "auth_failed"

    @pytest.mark.parametrize(
        ("action", "params", "mode", "code"),
        [
            ("other", {}, "read", "capability_undeclared"),
            ("write", {"name": "a", "size": 1}, "read", "policy_denied"),
            ("read", {}, "read", "validation_failed"),
            ("read", {"name": ""}, "read", "validation_failed"),
            ("read", {"name": ".."}, "read", "validation_failed"),
            ("read", {"name": "a", "more": 1}, "read", "validation_failed"),
            ("write", {"name": "a", "size": "1"}, "mutate", "validation_failed"),
            ("off", {}, "read", "disabled"),
        ],
    )
    def test_that_is_not_declared_so_is_not_made(
        self, perform: Perform, action: str, params: dict[str, Any], mode: str, code: str
    ) -> None:
        """
        Each refusal has the code of its kind, and nothing is sent.
        """
        off = {"mode": "read", "method": "GET", "path": "/", "enabled": False}
        with serve(Said()) as server:
            connector = connect(server, actions={"read": READ, "write": WRITE, "off": off})
            outcome = perform(connector, action, params, mode=mode)
            assert perform(connect(server, enabled=False), "read", {"name": "a"}).code == "disabled"
        assert (outcome.status.value, outcome.code) == ("failed", code)
        assert not server.got

    def test_gives_the_part_of_the_body_that_is_asked_for(self, perform: Perform) -> None:
        """
        And fails where there is none.
        """
        with serve(Said(body={"data": [{"x": 1}]})) as server:
            there = connect(server, actions=with_action(unwrap="/data/0/x"))
            gone = connect(server, actions=with_action(unwrap="/data/1"))
            assert thaw(perform(there, "act").output) == {"status": 200, "body": 1}
            assert told(perform(gone, "act"))[1:] == ("validation_failed", {"reason": "response_lacks_member"})

    def test_refuses_a_body_that_no_outcome_can_hold(self, perform: Perform) -> None:
        """
        Too deep, or too large once it is written as JSON; what changes something may have been done.
        """
        put = {"mode": "mutate", "method": "PUT", "path": "/"}
        deep, long = (
            Said(body=b"[" * 64 + b"]" * 64),
            Said(body=b"\1" * 300_000, headers={"Content-Type": "text/plain"}),
        )
        for said in (deep, long):
            with serve(said) as server:
                connector = connect(server, actions={**with_action(), "put": put}, response_limit_bytes=400_000)
                assert told(perform(connector, "act"))[1:] == (
                    "validation_failed",
                    {"reason": "response_too_large", "http_status": 200},
                )
                assert perform(connector, "put", mode="mutate").status.value == "unknown"

    def test_refuses_params_that_make_no_body(self, perform: Perform) -> None:
        """
        What is too deep to be sent is known not sent.
        """
        deep: Any = 1
        for _ in range(62):
            deep = [deep]
        action = {
            "mode": "mutate",
            "method": "PUT",
            "path": "/",
            "params": {"any": {"type": "json"}},
            "body": {"a": {"b": ["{any}"]}},
        }
        with serve(Said()) as server:
            outcome = perform(connect(server, actions={"act": action}), "act", {"any": deep}, mode="mutate")
        assert told(outcome) == ("failed", "validation_failed", {"reason": "body_too_large_or_deep"})
        assert not server.got

    def test_takes_text_as_text_without_what_looks_like_a_secret(self, perform: Perform) -> None:
        """
        What another program says is redacted; data is left as it is.
        """
        said = Said(body=b"password=hunter2 \xff", headers={"Content-Type": "text/plain"})
        with serve(said) as server:
            outcome = perform(connect(server, actions=with_action()), "act")
        assert thaw(outcome.output)["body"] == "password=[redacted:pair] \ufffd"


_ENDINGS: dict[str, tuple[Said, str, str, str]] = {
    "401": (Said(401), "auth_failed", "failed", "failed"),
    "403": (Said(403), "auth_failed", "failed", "failed"),
    "404": (Said(404), "validation_failed", "failed", "failed"),
    "405": (Said(405), "unsupported", "failed", "failed"),
    "408": (Said(408), "timeout", "failed", "failed"),
    "409": (Said(409), "validation_failed", "failed", "failed"),
    "429": (Said(429), "transient", "failed", "failed"),
    "500": (Said(500), "transient", "failed", "unknown"),
    "501": (Said(501), "unsupported", "failed", "failed"),
    "502": (Said(502), "transient", "failed", "unknown"),
    "503": (Said(503), "transient", "failed", "unknown"),
    "504": (Said(504), "timeout", "failed", "unknown"),
    "599": (Said(599), "transient", "failed", "unknown"),
    "206": (Said(206), "validation_failed", "failed", "unknown"),
    "302": (Said(302, headers={"Location": "/x"}), "policy_denied", "failed", "unknown"),
    "303": (Said(303, headers={"Location": "/x"}), "policy_denied", "failed", "unknown"),
    "307": (Said(307, headers={"Location": "/x"}), "policy_denied", "failed", "failed"),
    "no_json": (Said(body=b"{"), "validation_failed", "failed", "unknown"),
    "json_twice": (Said(body=b'{"a":1,"a":2}'), "validation_failed", "failed", "unknown"),
    "too_large": (Said(body="x" * 300_000), "validation_failed", "failed", "unknown"),
    "packed": (Said(body=b"1", headers={"Content-Encoding": "gzip"}), "validation_failed", "failed", "unknown"),
    "refused_521": (Said(521), "transient", "failed", "failed"),
}


class TestAnEnd:
    """
    "`failed` means known not done": what changes something is failed only where that is certain.
    """

    @pytest.mark.parametrize("mode", ["read", "mutate"])
    @pytest.mark.parametrize("name", sorted(_ENDINGS))
    def test_has_a_code_and_says_whether_it_is_certain(self, perform: Perform, name: str, mode: str) -> None:
        """
        Each answer, to a call that reads and to one that changes something; each is asked for once.
        """
        said, code, read, mutate = _ENDINGS[name]
        changes: dict[str, Any] = {} if mode == "read" else {"mode": "mutate", "method": "PUT", "refused": [521]}
        with serve(said) as server:
            outcome = perform(connect(server, actions=with_action(**changes)), "act", mode=mode)
        assert (outcome.status.value, outcome.code) == (read if mode == "read" else mutate, code)
        assert len(server.got) == 1

    @pytest.mark.parametrize(
        ("headers", "asked"),
        [
            ({"Retry-After": "7"}, 7000),
            ({"Retry-After": "Wed, 21 Oct 2015 07:28:10 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10_000),
            ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:10 GMT"}, 0),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "-1"}, None),
            ({"Retry-After": "9" * 11}, None),
            ({}, None),
        ],
    )
    def test_gives_back_how_long_the_other_side_wants_to_be_left_alone(
        self, perform: Perform, headers: dict[str, str], asked: int | None
    ) -> None:
        """
        In milliseconds, from seconds or from a date against that of the reply. Nobody waits here.
        """

        def answer(_: Got) -> Said:
            return Said(429, headers=headers)

        with serve(answer) as server:
            outcome = perform(connect(server, actions=with_action()), "act")
        details = {"reason": "status_not_expected", "http_status": 429}
        assert told(outcome)[2] == details | ({} if asked is None else {"retry_after_ms": asked})

    @pytest.mark.parametrize("mode", ["read", "mutate"])
    def test_without_a_connection_is_known_not_done(self, perform: Perform, mode: str) -> None:
        """
        Nobody listens there: nothing was sent.
        """
        with serve(Said()) as server:
            pass
        outcome = perform(connect(server, actions=with_action(mode=mode, method="PUT")), "act", mode=mode)
        assert told(outcome) == ("failed", "transient", {"reason": "no_connection"})

    @pytest.mark.parametrize(("mode", "status"), [("read", "failed"), ("mutate", "unknown")])
    @pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"SMTP\r\n\r\n"])
    def test_whose_reply_is_lost_is_unknown_if_it_mutates(
        self, perform: Perform, mode: str, status: str, reply: bytes
    ) -> None:
        """
        The other side got the request, and hung up before, in, or instead of the reply.
        """

        def handle(connection: Any) -> None:
            connection.recv(65_536)
            connection.sendall(reply)

        with serve_raw(handle) as port:
            settings = make_settings(f"http://127.0.0.1:{port}", actions=with_action(mode=mode, method="PUT"))
            outcome = perform(build(settings), "act", mode=mode)
        assert (outcome.status.value, outcome.code) == (status, "transient")

    @pytest.mark.parametrize(("mode", "status"), [("read", "failed"), ("mutate", "unknown")])
    @pytest.mark.parametrize(
        "start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
    )
    def test_that_does_not_come_in_time_is_a_timeout(
        self, perform: Perform, mode: str, status: str, start: bytes
    ) -> None:
        """
        Also where the other side always sends a little more: one deadline holds for the whole call.
        """

        def handle(connection: Any) -> None:
            connection.recv(65_536)
            connection.sendall(start)
            connection.settimeout(0.01)
            # Enough that time runs out first; should it not, this ends, and the call does not end as a timeout.
            for _ in range(500):
                if start:
                    connection.sendall(b" ")
                try:
                    if not connection.recv(1):
                        return
                except TimeoutError:
                    continue

        with serve_raw(handle) as port:
            settings = make_settings(
                f"http://127.0.0.1:{port}", actions=with_action(mode=mode, method="PUT"), timeout_ms=150
            )
            outcome = perform(build(settings), "act", mode=mode)
        assert (outcome.status.value, outcome.code) == (status, "timeout")


class TestTryingAgain:
    """
    "Nothing is tried again here": that is for who governs the connector.
    """

    def test_is_left_to_the_execution_core(self, perform: Perform) -> None:
        """
        One try alone; within a policy a read is tried again, and what may have been done is not.
        """
        actions = {**with_action(), "put": {"mode": "mutate", "method": "PUT", "path": "/"}}
        policy = ExecutionPolicy(retry=RetryPolicy(max_retries=2, initial_backoff_ms=1))
        with serve(lambda _: Said(200, 1) if len(server.got) == 3 else Said(503)) as server:
            connector = connect(server, actions=actions)
            assert perform(connector, "act").code == "transient"
            assert len(server.got) == 1
            governed = GovernedConnector(connector, policy=policy)
            outcome = perform(governed, "act")
            assert (outcome.status.value, len(outcome.attempts), len(server.got)) == ("succeeded", 2, 3)
            assert perform(governed, "put", mode="mutate").status.value == "unknown"
            assert len(server.got) == 4


class TestPages:
    """
    A list in pages, from one origin, up to a bound.
    """

    def _answer(self, way: str) -> Callable[[Got], Said]:
        def answer(got: Got) -> Said:
            number = int(got.target.partition("n=")[2].partition("&")[0] or 0)
            is_last = number == 2
            body: dict[str, Any] = {"items": [number, number]}
            headers = {}
            if not is_last and way == "next":
                body["next"] = f"/list?n={number + 1}"
            elif not is_last and way == "link_header":
                headers["Link"] = f'<?n={number + 1}>; rel="next", </list>; rel="first"'
            elif way == "cursor":
                body["next"] = None if is_last else number + 1
            return Said(body=body, headers=headers)

        return answer

    @pytest.mark.parametrize("way", ["next", "link_header", "cursor"])
    def test_are_read_to_the_last(self, perform: Perform, way: str) -> None:
        """
        By the address in the body, in the header, or by a cursor.
        """
        on: dict[str, dict[str, Any]] = {"next": {"next": "/next"}, "link_header": {"link_header": True}}
        on["cursor"] = {"cursor": "/next", "cursor_query": "n"}
        actions = with_action(path="/list", query={"k": "v w"}, pages={"items": "/items", **on[way]})
        with serve(self._answer(way)) as server:
            outcome = perform(connect(server, actions=actions), "act")
            fewer = with_action(path="/list", pages={"items": "/items", "max_pages": 2, **on[way]})
            cut = perform(connect(server, actions=fewer), "act")
        assert thaw(outcome.output) == {"status": 200, "items": [0, 0, 1, 1, 2, 2], "pages": 3, "truncated": False}
        assert thaw(cut.output) == {"status": 200, "items": [0, 0, 1, 1], "pages": 2, "truncated": True}
        assert server.got[0].target == "/list?k=v%20w"
        if way == "cursor":
            assert server.got[1].target == "/list?k=v%20w&n=1"

    @pytest.mark.parametrize(
        "target",
        [
            "http://localhost:{port}/list",
            "https://127.0.0.1:{port}/list",
            "http://127.0.0.1:1/list",
            "//evil.example/list",
            "http://user@127.0.0.1:{port}/list",
            "http://127.0.0.1:{port}\\@evil.example/",
            "file:///etc/passwd",
            "http://[::1/",
        ],
    )
    def test_of_another_origin_are_not_asked_for(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch, target: str
    ) -> None:
        """
        They would be given the credentials.
        """
        monkeypatch.setenv("MISSION_SECRET_T", "value")
        pages = {"items": "", "link_header": True}

        def answer(_: Got) -> Said:
            return Said(body=[1], headers={"Link": f'<{target.format(port=server.port)}>; rel="next"'})

        with serve(answer) as server:
            connector = connect(server, actions=with_action(pages=pages), auth={"kind": "bearer", "token_ref": "T"})
            outcome = perform(connector, "act")
        assert told(outcome) == (
            "failed",
            "policy_denied",
            {"reason": "next_page_of_other_origin", "http_status": 200},
        )
        assert len(server.got) == 1

    def test_that_go_wrong_fail_the_whole_list(self, perform: Perform) -> None:
        """
        A part of a list is not the list.
        """
        pages = {"items": "/items", "next": "/next"}

        def answer(got: Got) -> Said:
            return Said(500) if "n=" in got.target else Said(body={"items": [1], "next": "?n=1"})

        with serve(answer) as server:
            assert perform(connect(server, actions=with_action(pages=pages)), "act").code == "transient"
        for body in ({"items": 5}, {}, {"items": [], "next": 5}):
            with serve(Said(body=body)) as server:
                assert perform(connect(server, actions=with_action(pages=pages)), "act").code == "validation_failed"

    def test_share_one_bound_of_bytes(self, perform: Perform) -> None:
        """
        Many small pages are as large as a large one.
        """
        pages = {"items": "/items", "next": "/next", "max_pages": 100}
        with serve(Said(body={"items": ["x" * 1000], "next": "/"})) as server:
            connector = connect(server, actions=with_action(pages=pages), response_limit_bytes=5000)
            assert told(perform(connector, "act"))[2]["reason"] == "response_too_large"
        assert len(server.got) == 5


class TestReconciling:
    """
    A look, which does nothing.
    """

    PROBE: ClassVar = {"path": "/things/{name}", "query": {"key": "{request_digest}"}, "done": [200], "not_done": [404]}

    @pytest.mark.parametrize(
        ("said", "status"),
        [
            (Said(200, {"id": 1}), "succeeded"),
            (Said(404), "failed"),
            (Said(500), "unknown"),
            (Said(200, b"{"), "unknown"),
        ],
    )
    def test_says_what_it_saw(self, said: Said, status: str, make_request: Callable[..., Any]) -> None:
        """
        Done, not done, or still not known.
        """
        with serve(said) as server:
            connector = connect(server, actions={"write": {**WRITE, "reconcile": self.PROBE}})
            request = make_request("write", {"name": "a", "size": 1}, mode="mutate")
            outcome = connector.reconcile(request)
        assert outcome.status.value == status
        assert [(got.method, got.path) for got in server.got] == [("GET", "/things/a")]
        assert server.got[0].target.endswith(request.digest.replace(":", "%3A"))
        if status == "succeeded":
            assert thaw(outcome.output) == {"status": 200, "body": {"id": 1}}

    def test_leaves_unknown_what_it_cannot_see(
        self, make_request: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Without a probe, an action, a secret or a server.
        """
        request = make_request("write", {"name": "a", "size": 1}, mode="mutate")
        with serve(Said()) as server:
            assert connect(server).reconcile(request).status.value == "unknown"
        probing = {"write": {**WRITE, "reconcile": self.PROBE}}
        assert connect(server, actions=probing).reconcile(request).code == "transient"
        assert connect(server, actions=probing).reconcile(make_request("x", {})).code == "unsupported"
        assert (
            connect(server, actions=probing).reconcile(make_request("write", {}, mode="mutate")).code
            == "validation_failed"
        )
        up = make_request("write", {"name": "..", "size": 1}, mode="mutate")
        assert connect(server, actions=probing).reconcile(up).status.value == "unknown"
        monkeypatch.delenv("MISSION_SECRET_T", raising=False)
        guarded = connect(server, actions=probing, auth={"kind": "bearer", "token_ref": "T"})
        assert guarded.reconcile(request).code == "auth_failed"


class TestWhatItSaysOfItself:
    """
    Actions with mode, params, idempotence, shape of a dry run, and whether it can look.
    """

    def test_is_what_the_settings_declare(self) -> None:
        """
        With defaults that can be used as they are.
        """
        pages = {"mode": "read", "method": "GET", "path": "/", "pages": {"items": "", "link_header": True}}
        write = {**WRITE, "idempotent": True, "reconcile": TestReconciling.PROBE, "dry_run": {"id": "none"}}
        described = build(make_settings("http://127.0.0.1", actions={"write": write, "list": pages})).describe()
        assert described["actions"]["list"] == {
            "mode": "read",
            "params": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
            "idempotent": True,
            "dry_run": {"status": 200, "items": [], "pages": 1, "truncated": False},
            "reconcile": False,
        }
        assert described["actions"]["write"]["params"]["required"] == ["name", "size"]
        assert {**described["actions"]["write"], "params": None} == {
            "mode": "mutate",
            "params": None,
            "idempotent": True,
            "dry_run": {"id": "none"},
            "reconcile": True,
        }
        assert described["secrets"] == []


_FAULTY: dict[str, tuple[dict[str, Any], str]] = {
    "no_base": ({"base_url": None}, "base_url"),
    "two_bases": ({"base_url_ref": "B"}, "base_url"),
    "plain": ({"allow_plain_http": False}, "not encrypted"),
    "base_with_user": ({"base_url": "https://a:canary@h"}, "base_url"),
    "base_with_query": ({"base_url": "https://h/?a"}, "base_url"),
    "base_with_dots": ({"base_url": "https://h/../a"}, "base_url"),
    "base_of_a_file": ({"base_url": "file:///x"}, "base_url"),
    "base_with_a_bad_port": ({"base_url": "https://h:99999"}, "base_url"),
    "base_in_upper_case": ({"base_url": "https://H"}, "base_url"),
    "secret_written_out": ({"auth": {"kind": "bearer", "token": "canary"}}, "token"),
    "secret_as_name": ({"auth": {"kind": "bearer", "token_ref": "sk live canary"}}, "token_ref"),
    "unknown_auth": ({"auth": {"kind": "digest"}}, "auth"),
    "user_with_colon": ({"auth": {"kind": "basic", "user": "a:b", "password_ref": "P"}}, "auth"),
    "framing_auth": ({"auth": {"kind": "header", "name": "Host", "value_ref": "P"}}, "auth"),
    "secret_header": ({"headers": {"X-Api-Key": "canary-0123456789"}}, "headers"),
    "bearer_header": ({"headers": {"X-Custom": "Bearer canary0123456789abcdef"}}, "headers"),
    "own_header": ({"headers": {"content-LENGTH": "1"}}, "headers"),
    "header_with_newline": ({"headers": {"X-A": "a\r\nX-B: c"}}, "headers"),
    "header_name": ({"headers": {"X A": "a"}}, "headers"),
    "header_twice": ({"headers": {"X-A": "a", "x-a": "b"}}, "headers"),
    "network": ({"allow_addresses": ["10.0.0.1/8"]}, "allow_addresses"),
    "ca_file": ({"ca_file": "/no/such/file"}, "ca_file"),
    "timeout": ({"timeout_ms": 0}, "timeout_ms"),
    "limit": ({"response_limit_bytes": 10**9}, "response_limit_bytes"),
    "no_actions": ({"actions": {}}, "actions"),
    "unknown_member": ({"retries": 3}, "retries"),
    "path": ({"actions": with_action(path="/../x")}, "path"),
    "place_without_param": ({"actions": with_action(path="/{x}")}, "x"),
    "param_without_place": ({"actions": with_action(params={"x": {}})}, "x"),
    "own_place_declared": (
        {"actions": with_action(path="/{request_digest}", params={"request_digest": {}})},
        "request_digest",
    ),
    "optional_in_path": ({"actions": with_action(path="/{x}", params={"x": {"required": False}})}, "x"),
    "json_in_path": ({"actions": with_action(path="/{x}", params={"x": {"type": "json"}})}, "x"),
    "json_in_text": (
        {"actions": with_action(method="POST", body="a{x}", params={"x": {"type": "json"}})},
        "x",
    ),
    "json_in_query": ({"actions": with_action(query={"q": "{x}"}, params={"x": {"type": "json"}})}, "x"),
    "get_with_body": ({"actions": with_action(body={})}, "body"),
    "lone_brace": ({"actions": with_action(method="POST", body="{")}, "brace"),
    "pages_that_mutate": (
        {"actions": with_action(mode="mutate", pages={"items": "", "link_header": True})},
        "pages",
    ),
    "pages_without_way": ({"actions": with_action(pages={"items": ""})}, "pages"),
    "pages_with_two_ways": ({"actions": with_action(pages={"items": "", "next": "/n", "link_header": True})}, "pages"),
    "reconcile_of_a_read": ({"actions": with_action(reconcile={"path": "/"})}, "reconcile"),
    "refused_of_a_read": ({"actions": with_action(refused=[503])}, "refused"),
    "expected_and_refused": ({"actions": with_action(mode="mutate", expect=[200], refused=[200])}, "refused"),
    "nothing_expected": ({"actions": with_action(expect=[])}, "expect"),
    "status": ({"actions": with_action(expect=[100])}, "expect"),
    "done_and_not_done": (
        {"actions": with_action(mode="mutate", reconcile={"path": "/", "done": [200], "not_done": [200]})},
        "done",
    ),
    "method": ({"actions": with_action(method="TRACE")}, "method"),
}


class TestSettings:
    """
    A fault is named with its place, and a secret in the wrong place is not shown.
    """

    @pytest.mark.parametrize("name", sorted(_FAULTY))
    def test_with_a_fault_are_refused(self, name: str) -> None:
        """
        Before anything is called.
        """
        changes, word = _FAULTY[name]
        with pytest.raises(ConnectorSettingsError) as caught:
            build(make_settings("http://127.0.0.1", **changes))
        assert word in str(caught.value)
        assert "canary" not in str(caught.value)

    def test_with_many_faults_are_refused_with_them_all(self) -> None:
        """
        Each with its path.
        """
        settings = make_settings(
            "http://127.0.0.1", timeout_ms="1", headers={"Host": "x"}, actions={"a": {"mode": "read"}}
        )
        with pytest.raises(ConnectorSettingsError) as caught:
            build(settings)
        places = {fault.where for fault in caught.value.faults}
        assert places >= {"timeout_ms", "headers"}
        assert any(place.startswith("actions['a']") for place in places)
