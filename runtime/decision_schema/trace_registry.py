"""INV-T1: which keys may stand in the trace of a packet. Syntax is checked by full match, and only registered keys pass."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal, final

import attrs

__all__ = [
    "CONTEXT_KEY_RE",
    "EXTERNAL_KEY_REGISTRY",
    "RESERVED_NAMESPACES",
    "TRACE_KEY_RE",
    "KeyMode",
    "RegisteredKey",
    "is_valid_context_key",
    "is_valid_external_key",
    "is_valid_trace_key",
    "registry_keys",
    "validate_external_dict",
]

KeyMode = Literal["trace", "context", "both"]

# `\Z`, because `$` also matches before a line break at the end.
TRACE_KEY_RE: Final = re.compile(r"\A[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\Z", re.ASCII)
CONTEXT_KEY_RE: Final = re.compile(r"\A[a-z][a-z0-9_]*\Z", re.ASCII)
RESERVED_NAMESPACES: Final = frozenset({"harness", "integration", "ops", "dmc", "mdm", "eval", "adapter", "exec"})


@final
@attrs.frozen
class RegisteredKey:
    """
    Who owns a key, since which version, and what it says.
    """

    owner: str
    introduced_in: str
    description: str


def _exec(description: str) -> RegisteredKey:
    return RegisteredKey("execution-orchestration-core", "0.2.2", description)


EXTERNAL_KEY_REGISTRY: Final[Mapping[str, RegisteredKey]] = MappingProxyType(
    {
        "harness.fail_closed": RegisteredKey("integration-harness", "0.1.0", "the harness refused because it had to"),
        "exec.total_latency_ms": _exec("milliseconds from the start of the execution to its end"),
        "exec.success_count": _exec("attempts that succeeded"),
        "exec.failed_count": _exec("attempts that failed"),
        "exec.skipped_count": _exec("actions that were not to be executed"),
        "exec.denied_count": _exec("actions and attempts that were denied"),
        "exec.fail_closed": _exec("the execution stopped because something could not be known or trusted"),
        "exec.attempt_count": _exec("attempts, whatever came of them"),
    }
)


def is_valid_trace_key(key: object) -> bool:
    """
    Tell whether a key is `namespace.name`, in lower case.
    """
    return type(key) is str and TRACE_KEY_RE.match(key) is not None


def is_valid_context_key(key: object) -> bool:
    """
    Tell whether a key is a plain name, in lower case.
    """
    return type(key) is str and CONTEXT_KEY_RE.match(key) is not None


def is_valid_external_key(key: object, mode: KeyMode = "both") -> bool:
    """
    Tell whether a key has the form that a mode asks for.

    Raises:
        ValueError: there is no such mode.
    """
    if mode not in _CODES:
        raise ValueError(f"no mode {mode!r:.80}: one of {sorted(_CODES)}")
    return (mode != "context" and is_valid_trace_key(key)) or (mode != "trace" and is_valid_context_key(key))


_CODES: Final = {
    "trace": "invalid_trace_key_format",
    "context": "invalid_context_key_format",
    "both": "invalid_key_format",
}


def registry_keys() -> frozenset[str]:
    """
    Give the registered keys.
    """
    return frozenset(EXTERNAL_KEY_REGISTRY)


def validate_external_dict(
    external: object, *, require_registry_for_prefixes: Collection[str] | None = None, mode: KeyMode = "both"
) -> list[str]:
    """
    Give what is wrong with the keys of a trace, as codes; an empty list is a good trace.

    Args:
        external: the trace.
        require_registry_for_prefixes: namespaces whose keys must be registered; without it, those of every namespace.
        mode: the form of the keys.
    """
    if not isinstance(external, Mapping):
        return ["INV-T1:external_not_mapping"]
    codes = []
    for key in external:
        if type(key) is not str:
            codes.append("INV-T1:key_not_str")
        elif not is_valid_external_key(key, mode):
            codes.append(f"INV-T1:{_CODES[mode]}:{key}")
        elif "." in key and key not in EXTERNAL_KEY_REGISTRY:
            namespace = key.partition(".")[0]
            if require_registry_for_prefixes is None or namespace in {
                prefix.removesuffix(".") for prefix in require_registry_for_prefixes
            }:
                codes.append(f"INV-T1:unregistered_key:{key}")
    return codes
