"""The direction of imports, the size of files, and the purity of the core, read from the source with `ast`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LAYERS = {
    "runtime": set[str](),
    "runtime.errors": {"runtime.limits"},
    "runtime.limits": set[str](),
    "runtime.encoding": {"runtime.errors", "runtime.limits"},
    "runtime.values": {"runtime.errors", "runtime.limits", "runtime.encoding"},
    "runtime.ports": {"runtime.values"},
    "runtime.decision_schema": set[str](),
    "runtime.execution": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.decision_schema",
    },
    "runtime.compat": {"runtime.decision_schema", "runtime.execution"},
    "runtime.testing": {"runtime.errors", "runtime.values", "runtime.ports"},
    "runtime.connectors": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
    },
    "runtime.signing": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
    },
    "runtime.storage": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
    },
    "runtime.policy": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
    },
    "runtime.orchestration": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.policy",
    },
    "missions": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.policy",
        "runtime.orchestration",
    },
    "runtime.orchestration.top": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.policy",
        "runtime.orchestration",
        "missions",
    },
    "runtime.evidence": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.policy",
        "runtime.orchestration",
    },
    "runtime.profiles": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.policy",
        "runtime.orchestration",
    },
    "runtime.runs": {
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.ports",
        "runtime.policy",
        "runtime.orchestration",
        "runtime.orchestration.top",
        "missions",
        "runtime.evidence",
        "runtime.decision_schema",
        "runtime.execution",
    },
    "runtime.cli": {
        "runtime",
        "runtime.errors",
        "runtime.limits",
        "runtime.encoding",
        "runtime.values",
        "runtime.policy",
        "runtime.orchestration",
        "runtime.orchestration.top",
        "runtime.evidence",
        "runtime.profiles",
        "runtime.connectors",
        "runtime.signing",
        "runtime.storage",
        "runtime.ports",
        "runtime.decision_schema",
        "runtime.execution",
        "runtime.runs",
    },
}
"""Each layer, and the layers it may import besides itself."""

TOP = {"builder", "registry", "planner", "daily_loop"}
"""Modules of `runtime.orchestration` that stand on top of `missions`."""

CORE = (
    "runtime/encoding",
    "runtime/policy",
    "runtime/orchestration",
    "runtime/values",
    "runtime/evidence",
    "runtime/decision_schema",
    "runtime/execution",
    "runtime/profiles",
    "runtime/runs",
    "missions",
)
SHELL_PARTS = {f"runtime/profiles/{name}.py" for name in ("folder", "loading", "windows")}
"""Modules of `runtime.profiles` that read files or work with dates."""
DRIVERS = {f"runtime/execution/{name}.py" for name in ("asynchronous", "clocks", "processes", "state", "workers")}
"""Modules of `runtime.execution` that run executors, wait, or are shared between threads."""
FORBIDDEN_IN_CORE = {
    "asyncio",
    "datetime",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
ALONE = "runtime/evidence/mission_verify.py"
"""A program that runs without this package: one file for an auditor to read, with its own copy of what it needs."""
LAZY = {
    "cattrs hooks": ("runtime/encoding/converter.py", "runtime.encoding.hooks"),
    "cattrs faults": ("runtime/encoding/converter.py", "runtime.encoding.faults"),
    "yaml": ("runtime/encoding/yamltext.py", "yaml"),
    "jsonschema": ("runtime/orchestration/schema.py", "jsonschema"),
    "builder in the package": ("runtime/orchestration/__init__.py", "runtime.orchestration.builder"),
    "error output": ("runtime/cli/main.py", "runtime.cli.output"),
    "approvers": ("runtime/storage/decisions.py", "runtime.values.approvers"),
    "signatures of decisions": ("runtime/storage/decisions.py", "runtime.values.signatures"),
    "migrations": ("runtime/storage/database.py", "runtime.storage.migrate"),
    "vault tags": ("runtime/storage/vault.py", "cryptography.exceptions"),
    "vault cipher": ("runtime/storage/vault.py", "cryptography.hazmat.primitives.ciphers.aead"),
    "sclite": ("runtime/cli/sclite_review.py", "sclite.bundles"),
    "exit codes": ("runtime/cli/main.py", "runtime.cli.exit_codes"),
}
"""Every import that does not stand at the top of its file."""


def _sources() -> list[Path]:
    return sorted([*(ROOT / "runtime").rglob("*.py"), *(ROOT / "missions").rglob("*.py")])


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _layer(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "missions":
        return "missions"
    if parts[:2] == ["runtime", "orchestration"] and len(parts) > 2 and parts[2] in TOP:
        return "runtime.orchestration.top"
    return ".".join(parts[:2])


def _imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = (ROOT / f"{whole.replace('.', '/')}.py").exists() or (
                    ROOT / whole.replace(".", "/") / "__init__.py"
                ).exists()
                yield whole if is_module else str(node.module), node


def _top_level(tree: ast.Module) -> set[ast.stmt]:
    guarded: list[ast.If | ast.Try] = [
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    # A program that says which package is missing imports it at the top all the same.
    guarded += [node for node in tree.body if isinstance(node, ast.Try)]
    return {*tree.body, *(statement for node in guarded for statement in node.body)}


@pytest.mark.parametrize("path", _sources(), ids=_module)
def test_imports_point_down_the_layers(path: Path) -> None:
    """
    A module imports its own layer and the layers named for it, and no other.
    """
    tree = ast.parse(path.read_text())
    own = _layer(_module(path))
    guarded = [node for node in tree.body if isinstance(node, ast.If)]
    typing_only = {statement for node in guarded for statement in node.body}
    lazy = {name for file, name in LAZY.values() if file == str(path.relative_to(ROOT))}
    for name, node in _imports(tree):
        if name.split(".")[0] not in ("runtime", "missions") or node in typing_only or name in lazy:
            continue
        assert _layer(name) == own or _layer(name) in LAYERS[own], f"{own} may not import {name}"


@pytest.mark.parametrize("path", _sources(), ids=_module)
def test_imports_stand_at_the_top_except_the_named_lazy_ones(path: Path) -> None:
    """
    An import inside a function is one of the documented lazy ones, and a comment above it says why.
    """
    text = path.read_text()
    tree = ast.parse(text)
    lines = text.splitlines()
    for name, node in _imports(tree):
        if node in _top_level(tree):
            continue
        assert (str(path.relative_to(ROOT)), name) in LAZY.values(), f"import of {name} inside a function"
        before = reversed(lines[: node.lineno - 1])
        above = next(line for line in before if not line.strip().startswith(("from ", "import ")))
        assert above.strip().startswith("# Imported here"), f"no reason for the lazy import of {name}"


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in _sources()
        if (name := str(path.relative_to(ROOT))).startswith(CORE) and name not in {ALONE, *DRIVERS, *SHELL_PARTS}
    ],
    ids=_module,
)
def test_the_core_reaches_for_nothing_outside(path: Path) -> None:
    """
    Core modules import nothing that opens files or sockets, reads clock, environment or randomness, sleeps or logs.
    """
    names = {name.split(".")[0] for name, _ in _imports(ast.parse(path.read_text()))}
    assert not names & FORBIDDEN_IN_CORE
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert not {call.id for call in calls if isinstance(call, ast.Name)} & {
        "open",
        "print",
        "input",
        "eval",
        "exec",
        "__import__",
    }


@pytest.mark.parametrize("path", _sources(), ids=_module)
def test_files_and_functions_stay_small(path: Path) -> None:
    """
    A file has at most 300 lines and a function at most 70.
    """
    text = path.read_text()
    assert len(text.splitlines()) <= 300 or path.name == "errors.py" or str(path.relative_to(ROOT)) == ALONE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 70, f"{node.name} has {length} lines"


def test_the_one_file_verifier_stands_alone() -> None:
    """
    It imports the standard library and two packages, and nothing of this one imports it.
    """
    names = {name.split(".")[0] for name, _ in _imports(ast.parse((ROOT / ALONE).read_text()))}
    assert names - sys.stdlib_module_names == {"cryptography", "rfc8785"}
    others = [path for path in _sources() if str(path.relative_to(ROOT)) != ALONE]
    assert not [
        path for path in others if "runtime.evidence.mission_verify" in dict(_imports(ast.parse(path.read_text())))
    ]


def test_the_test_of_layers_knows_every_layer() -> None:
    """
    Every module belongs to a layer this test has rules for.
    """
    assert {_layer(_module(path)) for path in _sources()} <= set(LAYERS)


@pytest.mark.parametrize("name", sorted(LAZY))
def test_named_lazy_imports_exist(name: str) -> None:
    """
    The list of lazy imports holds none that are gone.
    """
    file, module = LAZY[name]
    assert module in {found for found, _ in _imports(ast.parse((ROOT / file).read_text()))}
