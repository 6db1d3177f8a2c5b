"""The connector `http_api`: performs effects by calling the HTTP interface its settings declare.

Rules, referred to by number below:

1. What is not declared is not called; see `asking.py`.
2. Secrets are looked up inside the call, once, and are gone when it ends. One that is not there fails the call before
   anything is sent.
3. A call that changes something carries the digest of its request as `Idempotency-Key`: who asks twice is known.
4. Nothing is tried again here, and no redirect is followed: `http_meaning.py` says what an end means, `http_transport.py`
   which address a connection goes to.

This module loads the HTTP library, so nothing imports it but the registry of connectors, and only when one of this kind is
made (`backends.py`). Read `http_settings.py` for what can be declared.
"""

import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, final

import attrs

from runtime.connectors.addresses import AddressRule
from runtime.connectors.asking import Declared, refuse
from runtime.connectors.http_action import KEY_PLACE, HttpAction, Probe
from runtime.connectors.http_auth import Credentials, look_up
from runtime.connectors.http_exchange import CallError, Exchange, Reply
from runtime.connectors.http_meaning import judge, lose
from runtime.connectors.http_pages import read_pages
from runtime.connectors.http_settings import HttpSettings
from runtime.connectors.http_transport import make_ssl_context, resolve_host
from runtime.connectors.outcomes import failed, unknown
from runtime.connectors.params import describe_params
from runtime.connectors.secrets import Secrets
from runtime.connectors.templates import fill_json, fill_path, fill_query
from runtime.encoding.canonical import canonical
from runtime.encoding.converter import structure
from runtime.encoding.frozen import thaw
from runtime.errors import ConnectorSettingsError, EncodingError, SecretUnavailableError
from runtime.values.answers import EffectOutcome, OutcomeStatus
from runtime.values.checks import of_type
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["HttpApi", "build"]


def build(settings: Any) -> "HttpApi":  # noqa: ANN401 - a settings document enters here.
    """
    Make the connector of a settings document.

    Raises:
        ConnectorSettingsError: with every fault and its path.
    """
    return HttpApi(
        settings=structure(settings, HttpSettings, what="settings of http_api", error=ConnectorSettingsError)
    )


@final
@attrs.frozen(kw_only=True, eq=False, slots=False)
class HttpApi:
    """
    Calls an HTTP interface.

    Args:
        settings: what may be called, and how.
        secrets: where secrets are looked up.
        resolve: looks a host name up; the system does, unless told otherwise.
    """

    settings: HttpSettings = attrs.field(validator=of_type(HttpSettings))
    secrets: Secrets = attrs.field(factory=Secrets, repr=False)
    resolve: Callable[[str, int], list[str]] = attrs.field(default=resolve_host, repr=False)

    def __attrs_post_init__(self) -> None:
        """
        Read the certificates now, so that a file that holds none is found before the first call.
        """
        _ = self._context

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        """
        What certificates are checked with. Making it takes longer than a call, and plain HTTP has no use for it.
        """
        file = self.settings.ca_file
        if file is None and (self.settings.base_url or "").startswith("http:"):
            return None
        try:
            return make_ssl_context(file)
        except OSError as error:
            raise ConnectorSettingsError(
                f"certificates cannot be read ({type(error).__name__})",
                where=f"ca_file {file}",
                remedy="give a file of certificates in PEM",
            ) from error

    @cached_property
    def _declared(self) -> dict[str, Declared]:
        return {
            name: Declared(
                mode=action.mode,
                schema=describe_params(action.params),
                is_enabled=self.settings.enabled and action.enabled,
            )
            for name, action in self.settings.actions.items()
        }

    def describe(self) -> Mapping[str, Any]:
        """
        List the actions, and the names of the secrets that a call looks up.
        """
        return {
            "actions": {name: action.describe() for name, action in sorted(self.settings.actions.items())},
            "secrets": self.settings.secret_refs,
        }

    def call(self, request: Request) -> EffectOutcome:
        """
        Perform one action and say how it ended.
        """
        refusal = refuse(request, self._declared)  # (1)
        if refusal is not None:
            return refusal
        assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; `refuse` looked.
        action = self.settings.actions[request.ask.action]
        params = {**request.ask.params, KEY_PLACE: request.digest}
        try:
            credentials = look_up(self.settings, self.secrets)  # (2)
            url = _url(credentials, action, params)
            headers, content = self._fill(action, params, credentials)
        except SecretUnavailableError:
            return failed("auth_failed", reason="secret_unavailable")
        except CallError as error:
            return failed(error.code, reason=error.reason)
        with self._exchange(action) as exchange:
            if action.pages is not None:

                def send(page: str) -> Reply:
                    return exchange.send("GET", page, headers)

                return read_pages(action, action.pages, url, send, credentials)
            try:
                reply = exchange.send(action.method, url, headers, content)
            except CallError as error:
                return lose(action, error, has_sent=exchange.has_sent)
        return judge(action, reply, credentials)

    def _fill(
        self, action: HttpAction, params: Mapping[str, Any], credentials: Credentials
    ) -> tuple[list[tuple[str, str]], bytes | None]:
        """
        Give the headers and the body of a call.
        """
        headers = [*self.settings.headers.items(), *credentials.headers]
        content = None
        if action.body is not None:
            try:
                content = canonical(fill_json(thaw(action.body), params))
            except EncodingError:
                raise CallError("validation_failed", "body_too_large_or_deep") from None
            headers.append(("Content-Type", "application/json"))
        if action.mode is EffectMode.MUTATE:
            headers.append(("Idempotency-Key", params[KEY_PLACE]))  # (3)
        return headers, content

    def reconcile(self, request: Request) -> EffectOutcome:
        """
        Look whether a call was done, as its settings say; never do it.
        """
        ask = request.ask
        action = self.settings.actions.get(ask.action) if isinstance(ask, EffectAsk) else None
        if not isinstance(ask, EffectAsk) or action is None or action.reconcile is None:
            return unknown("unsupported")
        refusal = refuse(request, self._declared)
        if refusal is not None:
            return unknown(refusal.code or "unsupported")
        params = {**ask.params, KEY_PLACE: request.digest}
        try:
            return self._look(action, action.reconcile, params)
        except SecretUnavailableError:
            return unknown("auth_failed", reason="secret_unavailable")
        except CallError as error:
            return unknown(error.code, reason=error.reason, http_status=error.status)

    def _look(self, action: HttpAction, probe: Probe, params: Mapping[str, Any]) -> EffectOutcome:
        credentials = look_up(self.settings, self.secrets)
        url = _url(credentials, probe, params)
        with self._exchange(action) as exchange:
            reply = exchange.send("GET", url, [*self.settings.headers.items(), *credentials.headers])
        if reply.status in probe.not_done:
            return failed("not_done", http_status=reply.status)
        seen = judge(HttpAction(mode=EffectMode.READ, method="GET", path="/", expect=probe.done), reply, credentials)
        if seen.status is OutcomeStatus.SUCCEEDED:
            return seen
        return unknown(seen.code or "unsupported", http_status=reply.status)

    def _exchange(self, action: HttpAction) -> Exchange:
        return Exchange(
            AddressRule(self.settings.allow_addresses),
            self.resolve,
            self._context,
            timeout_ms=action.timeout_ms or self.settings.timeout_ms,
            limit_bytes=self.settings.response_limit_bytes,
        )


def _url(credentials: Credentials, target: HttpAction | Probe, params: Mapping[str, Any]) -> str:
    path = fill_path(target.path, params)
    query = fill_query(target.query, params)
    if path is None:
        raise CallError("validation_failed", "param_would_change_path")
    return credentials.base_url.rstrip("/") + path + (f"?{query}" if query else "")
