"""Makes connectors from documents: `{"backend": NAME, "settings": {…}}`. Backends are built in, or come from packages.

Rules, referred to by number below:

1. A backend is loaded when one of its connectors is made, and not before: naming `mock` loads no HTTP library.
2. What is built in cannot be replaced by a package, and a name that two packages claim is refused.
3. A backend of a package is foreign code: it may raise, exit, or give what is no connector. Then it is refused by its name,
   with the kind of the fault; the others are made all the same.

A package offers one under the entry-point group `mission_runtime.connectors`: a name, and a function that takes the settings
and gives a connector (`ports.Connector`).
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, final

import attrs

from runtime.connectors.stand_ins import DisabledConnector
from runtime.encoding.converter import structure
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, thaw
from runtime.errors import (
    BrokenConnectorError,
    ConnectorSettingsError,
    MissionEngineError,
    UnknownConnectorError,
    shown,
)
from runtime.ports import Connector
from runtime.values.checks import is_identifier, of_type
from runtime.values.requests import EffectMode

__all__ = ["GROUP", "BuiltConnectors", "ConnectorDocument", "build_connector", "build_connectors", "list_backends"]

GROUP: Final = "mission_runtime.connectors"
"""The group of entry points."""

_BUILT_IN: Final = {
    name: EntryPoint(name, f"runtime.connectors.{place}:build", GROUP)
    for name, place in {
        "http_api": "http_api",
        "local_command": "local_settings",
        "mock": "mock",
        "ssh_readonly": "ssh_readonly",
    }.items()
}


@final
@attrs.frozen(kw_only=True)
class ConnectorDocument:
    """
    What a connector is made from: the name of a backend, its settings, and whether it is on.
    """

    backend: str = attrs.field(validator=is_identifier)
    settings: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=of_type(JsonObject))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))


@final
@attrs.frozen(kw_only=True)
class BuiltConnectors:
    """
    Connectors by name, and why the others could not be made.
    """

    connectors: Mapping[str, Connector]
    refused: Mapping[str, MissionEngineError]


def list_backends() -> list[str]:
    """
    List the names of all backends, sorted; none is loaded.
    """
    return sorted({*_BUILT_IN, *(entry.name for entry in entry_points(group=GROUP))})


def build_connector(document: Any, *, name: str = "connector") -> Connector:  # noqa: ANN401 - a document enters here.
    """
    Make a connector from its document.

    Args:
        document: the plain JSON of a `ConnectorDocument`.
        name: what the connector is called, for messages.

    Raises:
        ConnectorSettingsError: the document, or the settings in it, cannot be used.
        UnknownConnectorError: no backend has that name.
        BrokenConnectorError: the backend comes from a package and cannot be used.
    """
    read = structure(document, ConnectorDocument, what=f"connector {shown(name)}", error=ConnectorSettingsError)
    connector = _make(_find(read.backend), read, name)
    _check(connector, read.backend)
    return connector if read.enabled else DisabledConnector(connector)


def build_connectors(documents: Mapping[str, Any]) -> BuiltConnectors:
    """
    Make every connector that can be made (3).

    Args:
        documents: the document of each connector, by name.
    """
    connectors: dict[str, Connector] = {}
    refused: dict[str, MissionEngineError] = {}
    for name, document in documents.items():
        try:
            connectors[name] = build_connector(document, name=name)
        except MissionEngineError as error:
            refused[name] = error
    return BuiltConnectors(connectors=connectors, refused=refused)


def _find(backend: str) -> EntryPoint:
    if backend in _BUILT_IN:  # (2)
        return _BUILT_IN[backend]
    found: list[EntryPoint] = [*entry_points(group=GROUP, name=backend)]
    if not found:
        raise UnknownConnectorError(
            f"backend {shown(backend)}", where="backend", remedy=f"backends are {list_backends()}"
        )
    if len({entry.value for entry in found}) > 1:  # (2)
        raise BrokenConnectorError(
            f"backend {shown(backend)} is offered by {len(found)} packages",
            where=GROUP,
            remedy=f"uninstall all but one of {shown(sorted(entry.value for entry in found))}",
        )
    return found[0]


def _make(entry: EntryPoint, document: ConnectorDocument, name: str) -> Connector:
    try:
        connector: Connector = entry.load()(thaw(document.settings))  # (1)
    except ConnectorSettingsError as error:
        raise ConnectorSettingsError(
            f"connector {shown(name)}: {error.what}", where=error.where, remedy=error.remedy, faults=error.faults
        ) from error
    except (Exception, SystemExit) as error:  # foreign code may raise anything (3)
        if entry.name in _BUILT_IN:
            raise
        raise BrokenConnectorError(
            f"backend {shown(entry.name)} raised {type(error).__name__}",
            where=entry.value,
            remedy="repair or uninstall the package that offers it",
        ) from error
    return connector


def _check(connector: Connector, backend: str) -> None:
    """
    Refuse what is no connector, or does not describe itself.
    """
    fault = "no `call`"
    if callable(getattr(connector, "call", None)):
        fault = "a `describe()` that does not list its actions"
        try:
            actions = connector.describe()["actions"]
            if all(type(name) is str and EffectMode(actions[name]["mode"]) for name in actions):
                return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code may raise anything (3).
            fault = f"a `describe()` that raised {type(error).__name__}"
    raise BrokenConnectorError(
        f"backend {shown(backend)} gave what is no connector: {fault}",
        where=backend,
        remedy='it needs call(request), and describe() that gives {"actions": {name: {"mode": "read" or "mutate"}}}',
    )
