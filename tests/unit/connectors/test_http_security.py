"""The connector `http_api` against who means harm: names that move, addresses inside, redirects, certificates, echoes."""

import base64
import datetime as dt
import ipaddress
import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from serving import Got, HttpServer, Said, serve, serve_raw

from runtime.connectors.addresses import AddressRule
from runtime.connectors.http_api import HttpApi, build
from runtime.connectors.http_settings import HttpSettings
from runtime.connectors.http_transport import resolve_host
from runtime.connectors.http_url import is_same_origin
from runtime.connectors.secrets import Secrets
from runtime.encoding.converter import structure
from runtime.encoding.frozen import thaw
from runtime.orchestration import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.drive import drive
from runtime.storage import SqliteEffectLedger
from runtime.values import EffectOutcome

Perform = Callable[..., EffectOutcome]

CANARY = "cänary/5d41 402abc".replace("ä", "a").replace(" ", "+")
ACT = {"act": {"mode": "read", "method": "GET", "path": "/"}}
PUT = {"act": {"mode": "mutate", "method": "PUT", "path": "/"}}
BEARER = {"kind": "bearer", "token_ref": "T"}


def make(url: str, *, resolve: Callable[[str, int], list[str]] = resolve_host, **changes: Any) -> HttpApi:
    """
    Make a connector whose secret `T` is the canary, and which may not go inside unless told so.
    """
    document = {"base_url": url, "allow_plain_http": True, "actions": ACT, **changes}
    settings = structure(document, HttpSettings, what="settings")
    return HttpApi(settings=settings, secrets=Secrets({"MISSION_SECRET_T": CANARY}), resolve=resolve)


def reason(outcome: EffectOutcome) -> tuple[str, str | None, str]:
    """
    Give status, code and reason.
    """
    return outcome.status.value, outcome.code, outcome.attempts.thaw()[0]["reason"]


_INSIDE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse.
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2001:0:7f00:1::",
    "not an address",
    "",
]


class TestAnAddress:
    """
    "Public ones, and those the settings list."
    """

    @pytest.mark.parametrize("address", _INSIDE)
    def test_that_is_not_public_is_refused(self, address: str) -> None:
        """
        However it is spelled.
        """
        assert not AddressRule().allows(address)

    @pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
    def test_that_is_public_is_allowed(self, address: str) -> None:
        """
        Without being listed.
        """
        assert AddressRule().allows(address)

    def test_that_is_listed_is_allowed_and_no_other(self) -> None:
        """
        Also where it stands inside another one.
        """
        rule = AddressRule(["10.1.0.0/16", "::1"])
        assert all(rule.allows(one) for one in ("10.1.2.3", "::1", "::ffff:10.1.2.3", "64:ff9b::a01:203"))
        assert not any(rule.allows(one) for one in ("10.2.0.1", "127.0.0.1", "::2", "::ffff:10.2.0.1"))

    @given(st.ip_addresses())
    def test_is_judged_like_the_standard_library_judges_it(self, address: ipaddress.IPv4Address) -> None:
        """
        Nothing that is private, local, multicast or reserved passes.
        """
        if AddressRule().allows(str(address)):
            assert address.is_global
            assert not address.is_private
            assert not address.is_loopback
            assert not address.is_link_local
            assert not address.is_multicast


class TestAName:
    """
    "Every address it has must be allowed, and the connection goes to one of those very addresses."
    """

    def test_that_leads_inside_is_refused_before_anything_is_sent(self, perform: Perform) -> None:
        """
        As a name and as an address, to what reads and to what mutates.
        """
        with serve(Said(body=1)) as server:
            for host in ("127.0.0.1", "localhost"):
                outcome = perform(make(f"http://{host}:{server.port}", auth=BEARER), "act")
                assert reason(outcome) == ("failed", "policy_denied", "address_refused")
            outcome = perform(make(server.url, actions=PUT), "act", mode="mutate")
            assert reason(outcome) == ("failed", "policy_denied", "address_refused")
        assert not server.got

    def test_that_also_leads_inside_is_refused(self, perform: Perform) -> None:
        """
        One bad address spoils the name, in whatever order they come.
        """
        for addresses in (["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"]):
            connector = make("http://moving.example", resolve=lambda *_, found=addresses: found)
            assert perform(connector, "act").code == "policy_denied"

    def test_that_moves_after_the_check_changes_nothing(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        DNS rebinding: it is looked up once a call, and the connection goes to what was checked.
        """
        looked_up: list[str] = []
        dialled: list[Any] = []
        create = socket.create_connection

        def resolve(host: str, _: int) -> list[str]:
            looked_up.append(host)
            return ["127.0.0.1"] if len(looked_up) == 1 else ["10.0.0.1"]

        def dial(address: Any, *rest: Any, **more: Any) -> socket.socket:
            dialled.append(address)
            return create(address, *rest, **more)

        monkeypatch.setattr(socket, "create_connection", dial)
        pages = {"items": "/items", "next": "/next", "max_pages": 3}
        said = Said(body={"items": [1], "next": "/"}, headers={"Connection": "close"})
        with serve(said) as server:
            actions = {"act": {**ACT["act"], "pages": pages}}
            url = f"http://moving.example:{server.port}"
            connector = make(url, resolve=resolve, actions=actions, allow_addresses=["127.0.0.1"])
            outcome = perform(connector, "act")
            assert thaw(outcome.output)["items"] == [1, 1, 1]
            assert looked_up == ["moving.example"]
            assert dialled == [("127.0.0.1", server.port)] * 3
            assert {got.headers["host"] for got in server.got} == {f"moving.example:{server.port}"}
            assert perform(connector, "act").code == "policy_denied"

    @pytest.mark.parametrize("failure", [socket.gaierror("none"), UnicodeError("idna")])
    def test_that_is_not_known_is_known_not_called(self, perform: Perform, failure: Exception) -> None:
        """
        Nothing was sent.
        """

        def resolve(*_: Any) -> list[str]:
            raise failure

        outcome = perform(make("http://gone.example", resolve=resolve, actions=PUT), "act", mode="mutate")
        assert reason(outcome) == ("failed", "transient", "no_connection")

    def test_whose_look_up_hangs_does_not_hold_the_call(self, perform: Perform) -> None:
        """
        The deadline holds for it too.
        """
        gate = socket.socketpair()

        def resolve(*_: Any) -> list[str]:
            gate[0].recv(1)
            return []

        outcome = perform(
            make("http://slow.example", resolve=resolve, actions=PUT, timeout_ms=50), "act", mode="mutate"
        )
        gate[1].send(b"x")
        assert reason(outcome) == ("failed", "timeout", "no_connection")
        for end in gate:
            end.close()

    def test_is_tried_at_its_next_address_when_the_first_is_dead(self, perform: Perform) -> None:
        """
        Nothing was sent to the first.
        """
        with serve(Said(body=1)) as server:
            url = f"http://two.example:{server.port}"
            connector = make(url, resolve=lambda *_: ["::1", "127.0.0.1"], allow_addresses=["127.0.0.1", "::1"])
            assert thaw(perform(connector, "act").output)["body"] == 1


class TestARedirect:
    """
    "A redirect is not followed."
    """

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_takes_no_credentials_anywhere(self, perform: Perform, status: int) -> None:
        """
        Neither to another place nor to the same one.
        """
        with serve(Said(body=1)) as other:
            for place in (other.url, "/elsewhere"):
                with serve(Said(status, headers={"Location": place})) as server:
                    outcome = perform(make(server.url, auth=BEARER, allow_addresses=["127.0.0.1"]), "act")
                assert reason(outcome) == ("failed", "policy_denied", "redirect_refused")
                assert len(server.got) == 1
        assert not other.got


class TestTheEnvironment:
    """
    "Nothing of the environment is used: no proxy, no certificates, no password file."
    """

    def test_has_no_say_in_where_a_call_goes(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """
        A proxy would see the credentials.
        """
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password pw\n")
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        with serve(Said(body="proxy")) as proxy, serve(Said(body="server")) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            outcome = perform(make(server.url, allow_addresses=["127.0.0.1"]), "act")
        assert thaw(outcome.output)["body"] == "server"
        assert not proxy.got
        assert "authorization" not in server.got[0].headers


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """
    Make a certificate of its own for a host name, with its key, in a folder.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[int, Path, list[bytes]]]:
    """
    A server that speaks TLS as `safe.example`: its port, its certificate, and what it was sent.
    """
    certificate, key = make_certificate(tmp_path, "safe.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    got: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            got.append(stream.recv(65_536))
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: application/json\r\n\r\n7")

    with serve_raw(handle) as port:
        yield port, certificate, got


class TestACertificate:
    """
    "The certificate is checked against the name all the same", always.
    """

    def test_that_is_right_lets_the_call_through(self, perform: Perform, tls: tuple[int, Path, list[bytes]]) -> None:
        """
        The name is checked, and the connection goes to the checked address.
        """
        port, file, got = tls
        connector = make(
            f"https://safe.example:{port}",
            resolve=lambda *_: ["127.0.0.1"],
            allow_addresses=["127.0.0.1"],
            ca_file=str(file),
            auth=BEARER,
        )
        assert thaw(perform(connector, "act").output) == {"status": 200, "body": 7}
        assert CANARY.encode() in got[0]

    @pytest.mark.parametrize("fault", ["of_an_unknown_issuer", "of_another_name", "vouched_for_by_the_environment"])
    def test_that_is_wrong_ends_the_call_before_anything_is_sent(
        self, perform: Perform, tls: tuple[int, Path, list[bytes]], fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Not even the address that is asked for.
        """
        port, file, got = tls
        host, changes = "safe.example", {"ca_file": str(file)}
        if fault == "of_another_name":
            host = "other.example"
        else:
            changes = {}
        if fault == "vouched_for_by_the_environment":
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
        connector = make(
            f"https://{host}:{port}",
            resolve=lambda *_: ["127.0.0.1"],
            allow_addresses=["127.0.0.1"],
            actions=PUT,
            auth=BEARER,
            **changes,
        )
        assert reason(perform(connector, "act", mode="mutate")) == ("failed", "auth_failed", "certificate_refused")
        assert not got

    def test_that_never_comes_ends_the_call_in_time(self, perform: Perform) -> None:
        """
        Known not done: the call was never sent.
        """

        def handle(connection: socket.socket) -> None:
            while connection.recv(65_536):
                pass

        with serve_raw(handle) as port:
            connector = make(f"https://127.0.0.1:{port}", allow_addresses=["127.0.0.1"], actions=PUT, timeout_ms=100)
            assert reason(perform(connector, "act", mode="mutate")) == ("failed", "timeout", "no_connection")

    def test_that_is_no_tls_ends_the_call(self, perform: Perform) -> None:
        """
        A plain answer is no fall-back.
        """

        def handle(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        with serve_raw(handle) as port:
            connector = make(f"https://127.0.0.1:{port}", allow_addresses=["127.0.0.1"], actions=PUT)
            assert reason(perform(connector, "act", mode="mutate")) == ("failed", "transient", "no_connection")


_ECHOES: dict[str, Callable[[str], Said]] = {
    "as_it_is": lambda secret: Said(body={"you": f"Bearer {secret}", secret: [secret]}),
    "in_text": lambda secret: Said(body=f"x{secret}y".encode(), headers={"Content-Type": "text/plain"}),
    "in_an_address": lambda secret: Said(body={"url": f"/?t={quote(secret, safe='')}", "u": quote(secret)}),
    "in_base64": lambda secret: Said(body=base64.b64encode(secret.encode()).decode()),
    "in_escaped_text": lambda secret: Said(body=json.dumps({"a": secret})),
    "in_a_header": lambda secret: Said(418, body=secret, headers={"X-Echo": secret, "Location": f"/{secret}"}),
    "in_a_redirect": lambda secret: Said(302, body=secret, headers={"Location": f"/{secret}"}),
    "in_a_broken_body": lambda secret: Said(body=f'{{"a": "{secret}'.encode()),
    "in_a_next_page": lambda secret: Said(body=[], headers={"Link": f'<//{secret}/>; rel="next"'}),
}


class TestASecret:
    """
    "What a call was made with is replaced in its output", and stands nowhere else.
    """

    @pytest.mark.parametrize(
        "auth", [BEARER, {"kind": "basic", "user": "ada", "password_ref": "T"}], ids=["bearer", "basic"]
    )
    @pytest.mark.parametrize("name", sorted(_ECHOES))
    def test_that_is_sent_back_is_in_no_outcome_message_repr_or_log(
        self, perform: Perform, caplog: pytest.LogCaptureFixture, name: str, auth: dict[str, str]
    ) -> None:
        """
        Though the log is at its most talkative.
        """
        caplog.set_level(logging.DEBUG)
        answers: list[Said] = []

        def answer(got: Got) -> Said:
            sent = got.headers["authorization"]
            assert CANARY in sent or base64.b64encode(f"ada:{CANARY}".encode()).decode() in sent
            answers.append(_ECHOES[name](CANARY if name != "in_a_header" else sent.partition(" ")[2]))
            return answers[0]

        pages = {"pages": {"items": "", "link_header": True}} if name == "in_a_next_page" else {}
        with serve(answer) as server:
            connector = make(
                server.url, auth=auth, allow_addresses=["127.0.0.1"], actions={"act": {**ACT["act"], **pages}}
            )
            outcome = perform(connector, "act")
        shown = repr(
            [outcome, thaw(outcome.output), outcome.attempts.thaw(), connector, connector.describe(), caplog.records]
        )
        shown += caplog.text
        spellings = [CANARY, quote(CANARY, safe=""), base64.b64encode(f"ada:{CANARY}".encode()).decode()]
        assert not [one for one in [*spellings, base64.b64encode(CANARY.encode()).decode()] if one in shown]

    def test_that_cannot_stand_in_a_header_is_not_sent(self, perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A line break would begin a header of its own.
        """
        with serve(Said(body=1)) as server:
            connector = build(
                {
                    "base_url": server.url,
                    "allow_plain_http": True,
                    "allow_addresses": ["127.0.0.1"],
                    "auth": BEARER,
                    "actions": ACT,
                }
            )
            for value in ("a\r\nX-Evil: 1", "a\nb", " a", "a ", "é", "a\x7f"):
                monkeypatch.setenv("MISSION_SECRET_T", value)
                assert reason(perform(connector, "act")) == ("failed", "auth_failed", "secret_unavailable")
        assert not server.got

    def test_of_others_stays_in_the_log_of_others(self, perform: Perform, caplog: pytest.LogCaptureFixture) -> None:
        """
        Log lines are dropped for the time of a call only.
        """
        caplog.set_level(logging.DEBUG)
        with serve(Said(body=1)) as server:
            perform(make(server.url, allow_addresses=["127.0.0.1"]), "act")
        logging.getLogger("httpcore.http11").debug("a line of somebody else")
        assert "a line of somebody else" in caplog.text
        assert "send_request_headers" not in caplog.text


def test_no_file_and_no_record_of_a_run_holds_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A run with a ledger on the disk, through a server that sends back what it is sent, once well and once badly.
    """
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MISSION_SECRET_T", CANARY)
    steps = [
        {"operation": "action", "connector": "web", "action": action, "mode": mode, "output": f"/{action}"}
        for action, mode in (("act", "read"), ("put", "mutate"), ("bad", "mutate"))
    ]
    workflow = WorkflowDefinition("wf", [StepSpec(f"s{number}", "runtime", step) for number, step in enumerate(steps)])
    inputs = Checkpoint(definition=workflow, context=ExecutionContext({}), mode=Mode.APPLY)

    def answer(got: Got) -> Said:
        status = 500 if got.path == "/bad" else 200
        return Said(status, body={"sent": got.headers}, headers={"X-Echo": got.headers["authorization"]})

    with serve(answer) as server:
        actions = {**ACT, "put": PUT["act"], "bad": {**PUT["act"], "path": "/bad"}}
        web = build(
            {
                "base_url": server.url,
                "allow_plain_http": True,
                "allow_addresses": ["127.0.0.1"],
                "auth": BEARER,
                "actions": actions,
            }
        )
        ledger = SqliteEffectLedger.create(tmp_path / "effects.db", "run")
        result = drive(inputs, effects={"web": web}, ledger=ledger)
    assert result.status == "waiting_effect"
    assert [CANARY in got.headers["authorization"] for got in server.got] == [True] * 3
    assert result.checkpoint is not None
    shown = json.dumps(result.to_dict()) + repr(result) + json.dumps(result.checkpoint.to_dict()) + caplog.text
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert "[redacted:key]" in shown
    assert CANARY not in shown
    assert not [raw for raw in files if CANARY.encode() in raw]


class TestAnOrigin:
    """
    Scheme, host and port.
    """

    @pytest.mark.parametrize(
        ("first", "second", "is_same"),
        [
            ("https://a/x", "https://a:443/y?z", True),
            ("http://a:80", "http://a/", True),
            ("https://a", "http://a", False),
            ("https://a", "https://a.b", False),
            ("https://a", "https://a:444", False),
            ("https://a", "https://b@a", False),
            ("https://a", "https://a\\@b", False),
            ("https://a", "//a", False),
            ("https://a", "https:///x", False),
            ("ftp://a", "ftp://a", False),
            ("https://a", "https://a:port", False),
        ],
    )
    def test_is_the_same_or_not(self, first: str, second: str, *, is_same: bool) -> None:
        """
        In doubt it is another one.
        """
        assert is_same_origin(first, second) is is_same


def test_a_server_gets_no_more_than_it_is_told(perform: Perform) -> None:
    """
    A list of every header that is sent.
    """
    with serve(Said(body=1)) as server:
        _perform_put(perform, server)
    assert sorted(server.got[0].headers) == [
        "accept-encoding",
        "authorization",
        "content-length",
        "host",
        "idempotency-key",
        "user-agent",
    ]


def _perform_put(perform: Perform, server: HttpServer) -> None:
    perform(make(server.url, auth=BEARER, actions=PUT, allow_addresses=["127.0.0.1"]), "act", mode="mutate")
