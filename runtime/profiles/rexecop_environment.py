"""Turns the environment of a `rexecop` profile into ours: flat connectors, targets with members, and its safety section."""

from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.document import Document
from runtime.encoding.frozen import JsonObject
from runtime.profiles.environment_documents import EnvironmentDocument, TargetType, Window
from runtime.profiles.places import Faults, Part
from runtime.profiles.scalars import is_name
from runtime.values.checks import is_text

__all__ = ["WRAPPER", "OldEnvironment", "environment_of", "is_rexecop_environment"]

WRAPPER: Final = "environment"
"""The key the document stands below."""

_BACKENDS: Final = {"local_shell_readonly": "local_command"}
"""Backends that have another name here."""
_SAFETY: Final = ("max_concurrent_operations", "target_lock_enabled", "maintenance_windows")
_WINDOW: Final = ("timezone", "start", "end")


@final
@attrs.frozen(kw_only=True, eq=False)
class OldSafety:
    """
    `safety`, as far as it is read.
    """

    max_concurrent_operations: int = 1
    target_lock_enabled: bool = True
    maintenance_windows: tuple[Window, ...] = ()


@final
@attrs.frozen(kw_only=True, eq=False)
class OldEnvironment:
    """
    `environment`: connectors are free objects, and so are targets but for their type and members.
    """

    id: str = attrs.field(validator=is_name)
    profile: str = attrs.field(validator=is_name)
    description: str = attrs.field(default="", validator=is_text)
    targets: dict[str, JsonObject]
    connectors: dict[str, JsonObject] = attrs.field(factory=dict)
    safety: OldSafety = attrs.field(factory=OldSafety)


def is_rexecop_environment(document: Document) -> bool:
    """
    Tell whether a document is one of that layout.
    """
    return type(document.value) is dict and WRAPPER in document.value and "schema" not in document.value


def environment_of(document: Document, faults: Faults, noted: Faults) -> Part[EnvironmentDocument] | None:
    """
    Read and turn it; None where it cannot be read, and why is noted.
    """
    value: Any = document.value
    for name in value:
        if name != WRAPPER:
            noted.add_at(document, f"nothing reads {name!r}", f"[{name!r}]")
    inner = _without_unread(value[WRAPPER], document, noted)
    old = faults.read(Part(inner, document, WRAPPER), OldEnvironment)
    if old is None:
        return None
    before = len(faults)
    targets = {name: _target(old, name, given, faults) for name, given in old.value.targets.items()}
    connectors = {name: _connector(old, name, given, faults) for name, given in old.value.connectors.items()}
    if len(faults) > before:
        return None
    safety = old.value.safety
    plain: Part[Any] = Part(
        {
            "schema": EnvironmentDocument.SCHEMA,
            "id": old.value.id,
            "profile": old.value.profile,
            "description": old.value.description,
            "targets": targets,
            "connectors": connectors,
            "safety": {
                "max_concurrent": safety.max_concurrent_operations,
                "target_lock": safety.target_lock_enabled,
                "maintenance_windows": [
                    {name: getattr(window, name) for name in _WINDOW} for window in safety.maintenance_windows
                ],
            },
        },
        document,
        WRAPPER,
    )
    return faults.read(plain, EnvironmentDocument)


def _without_unread(value: JsonValue, document: Document, noted: Faults) -> JsonValue:
    if type(value) is not dict:
        return value
    known = {field.name for field in attrs.fields(OldEnvironment)}
    for name in value.keys() - known:
        noted.add_at(document, f"nothing reads {name!r}", f"{WRAPPER}[{name!r}]")
    kept: dict[str, JsonValue] = {name: member for name, member in value.items() if name in known}
    safety = kept.get("safety")
    if type(safety) is dict:
        for name in safety.keys() - {*_SAFETY}:
            noted.add_at(document, f"nothing reads {name!r}", f"{WRAPPER}.safety[{name!r}]")
        kept["safety"] = {name: member for name, member in safety.items() if name in _SAFETY}
    return kept


def _target(part: Part[OldEnvironment], name: str, given: JsonObject, faults: Faults) -> dict[str, Any]:
    plain = given.thaw()
    kind, members = plain.pop("type", TargetType.HOST.value), plain.pop("members", [])
    description = plain.pop("description", "")
    if kind not in [*TargetType]:
        plain["type"], kind = kind, TargetType.HOST.value
    if type(members) is not list:
        faults.add(part, "members are no list: write one", f"targets[{name!r}].members")
    return {"type": kind, "members": members, "description": description, "attributes": plain}


def _connector(part: Part[OldEnvironment], name: str, given: JsonObject, faults: Faults) -> dict[str, Any]:
    plain = given.thaw()
    enabled, mode = plain.pop("enabled", True), plain.pop("mode", "mock")
    backend = plain.pop("backend", mode)
    if type(backend) is not str or type(enabled) is not bool:
        faults.add(part, "backend is a name, and enabled true or false", f"connectors[{name!r}]")
        return {}
    return {"backend": _BACKENDS.get(backend, backend), "enabled": enabled, "settings": plain}
