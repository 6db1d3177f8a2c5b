"""What preflight found, in words: each rule with whether it holds, and the path that breaks it."""

from collections.abc import Iterator, Sequence

from runtime.encoding.display import visible
from runtime.orchestration.preflight import CounterExample, say_event
from runtime.orchestration.sequence import SequenceRule
from runtime.orchestration.walk import Path

__all__ = ["show_preflight"]


def show_preflight(
    title: str,
    *,
    paths: Sequence[Path],
    findings: Sequence[tuple[SequenceRule, CounterExample | None]],
    digest: str | None,
    with_paths: bool,
) -> str:
    """
    Show the rules, the paths if asked for, and the digest of the certificate if there is one.
    """
    rules = f"{len(findings)} rule{'' if len(findings) == 1 else 's'}"
    lines = [f"{title}: {len(paths)} path{'' if len(paths) == 1 else 's'}, {rules}"]
    if with_paths:
        lines += [f"  {number:>3}  {_say_path(path)}" for number, path in enumerate(paths, 1)]
    for rule, broken in findings:
        lines.append(f"  {'holds ' if broken is None else 'BREAKS'}  {rule}")
        lines += [f"          {rule.why}"] if rule.why else []
        if broken is not None:
            lines += [f"          {line}" for line in _say_break(broken)]
    lines.append(f"proven  {digest}" if digest else "not proven; nothing was run")
    return "\n".join(map(visible, lines))


def _say_path(path: Path) -> str:
    return f"{', '.join(map(say_event, path.events))}: {path.ending}"


def _say_break(broken: CounterExample) -> Iterator[str]:
    yield from (f"{number}  {said}" for number, said in enumerate(broken.sentences, 1))
    if broken.ending is not None:
        yield f"and the run ends, {broken.ending}"
