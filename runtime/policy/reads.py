"""What an expression reads: the paths of its variables, as far as they can be told without running it."""

from collections.abc import Mapping

from runtime.policy.syntax import Field, Has, HasVariable, Literal, Macro, Member, Name, Node, children

__all__ = ["Path", "list_reads", "path_of", "path_text"]

Path = tuple[str | int, ...]
"""A variable and what is read of it: names of members, and indices; `*` stands for every element."""


def list_reads(node: Node, bound: Mapping[int, Path | None]) -> tuple[Path, ...]:
    """
    List the paths a node reads, sorted, each once.

    Args:
        node: the node.
        bound: what the bound names stand for, by slot; None for what is no path.
    """
    found: set[Path] = set()
    _collect(node, dict(bound), found)
    # Two paths may have one text, and a set has no order of its own.
    return tuple(sorted(found, key=lambda path: (path_text(path), repr(path))))


def path_of(node: Node, bound: Mapping[int, Path | None]) -> Path | None:
    """
    Give the path a node names from end to end; None for what is worked out.
    """
    path, is_whole = _prefix(node, bound)
    return path if is_whole else None


def path_text(path: Path) -> str:
    """
    Write a path as a JSON Pointer.
    """
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _prefix(node: Node, bound: Mapping[int, Path | None]) -> tuple[Path | None, bool]:
    """
    Give the longest path a node surely reads, and whether that is all of it.
    """
    if isinstance(node, Name):
        return ((node.name,), True) if node.slot is None else (bound.get(node.slot), True)
    if not isinstance(node, Member):
        return None, False
    path, _ = _prefix(node.operand, bound)  # All of it, because a chain is one node.
    if path is None:
        return None, False
    for step in node.steps:
        if isinstance(step, Field):
            path = (*path, step.name)
        elif isinstance(step, Literal) and type(step.value) in (str, int):
            path = (*path, step.value)
        else:
            return path, False
    return path, True


def _collect(node: Node, bound: dict[int, Path | None], found: set[Path]) -> None:
    match node:
        case HasVariable():
            found.add((node.name,))
        case Has():
            path = path_of(node.operand, bound)
            if path is not None:
                found.add((*path, node.field))
            else:
                _collect(node.operand, bound, found)
        case Name() | Member():
            _collect_chain(node, bound, found)
        case Macro():
            _collect(node.operand, bound, found)
            path = path_of(node.operand, bound)
            _collect(node.body, {**bound, node.slot: None if path is None else (*path, "*")}, found)
        case _:
            for child in children(node):
                _collect(child, bound, found)


def _collect_chain(node: Name | Member, bound: dict[int, Path | None], found: set[Path]) -> None:
    path, _ = _prefix(node, bound)
    if path is not None:
        found.add(path)
    if isinstance(node, Name):
        return
    if path is None:
        _collect(node.operand, bound, found)
    for step in node.steps:
        if not isinstance(step, Field):
            _collect(step, bound, found)
