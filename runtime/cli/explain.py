"""`mission explain`."""

from pathlib import Path

import attrs
import click

from runtime.cli.explain_words import show_explanation
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store, near, read_file
from runtime.encoding.jsontext import parse_json
from runtime.errors import UnknownRunError
from runtime.evidence.explain import explain as explain_result
from runtime.evidence.replay import replay
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.engine import execute
from runtime.orchestration.result import OrchestrationResult

__all__ = ["explain"]


@click.command()
@click.argument("run")
@json_option
@click.pass_obj
def explain(root: Path | None, run: str, *, as_json: bool) -> None:
    """
    Explain why each step of a run did what it did.

    RUN is a recorded run or a checkpoint: a file, or the start of its digest. A recorded run is executed again first,
    and is explained only when every byte is the same.
    """
    result = _load(Store.locate(root), run)
    steps = explain_result(result)
    document = {
        "mission": result.inputs.mission,
        "mission_version": result.inputs.mission_version,
        "status": result.status.value,
        "steps": steps,
    }
    emit(show_explanation(result, steps), document, as_json=as_json)


def _load(store: Store, name: str) -> OrchestrationResult:
    if _is_checkpoint(Path(name)):
        return execute(store.load_checkpoint(name))
    try:
        recorded = store.load_run(name)
    except UnknownRunError as unknown:
        try:
            return execute(store.load_checkpoint(name))
        except UnknownRunError:
            raise unknown from None
    return replay(recorded)


def _is_checkpoint(path: Path) -> bool:
    """
    Tell what a file says it is; whether it is that is found out when it is read.
    """
    document = parse_json(read_file(path), source=near(path), is_record=True) if path.is_file() else None
    return type(document) is dict and document.get("schema") == attrs.fields(Checkpoint).schema.default
