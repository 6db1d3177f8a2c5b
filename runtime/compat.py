"""Offers the decision contract and the execution core under the import names of the original packages.

`install()` does nothing for a name whose original is installed: that one is used and never shadowed.
"""

import importlib.util
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Final

__all__ = ["install"]

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "decision_schema": {
        "": "runtime.decision_schema",
        "types": "runtime.decision_schema.types",
        "compat": "runtime.decision_schema.compat",
        "trace_registry": "runtime.decision_schema.trace_registry",
    },
    "execution_orchestration_core": {
        "": "runtime.execution",
        "orchestrator": "runtime.execution.orchestrator",
        "policies": "runtime.execution.policies",
        "model": "runtime.execution.model",
        "redaction": "runtime.execution.redaction",
        "trace": "runtime.execution.trace",
    },
}


def install() -> tuple[str, ...]:
    """
    Offer the original names that are not taken; gives those that are offered here. Calling it again changes nothing.
    """
    offered = []
    for package, modules in _NAMES.items():
        if package not in sys.modules and importlib.util.find_spec(package) is None:
            _offer(package, modules)
        if getattr(sys.modules.get(package), "__name__", None) == modules[""]:
            offered.append(package)
    return tuple(offered)


def _offer(package: str, modules: Mapping[str, str]) -> None:
    # The very same modules, so that a class has one identity under both names.
    loaded: dict[str, ModuleType] = {name: import_module(module) for name, module in modules.items()}
    for name, module in loaded.items():
        sys.modules[f"{package}.{name}" if name else package] = module
