"""Write the golden files: canonical bytes and digests of every built-in mission's example run, one export, and schemas.

Run by `make golden`, in a commit that says why the bytes changed. `test_golden.py` compares.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import digest_of_bytes
from runtime.evidence import RecordedRun
from runtime.evidence.exports import ReviewAssertions, export_review_bundle
from runtime.evidence.schemas import RECORD_SCHEMAS
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "docs" / "reference" / "schemas"
ASSERTED = ReviewAssertions(
    operator="grace",
    target_host="web.example.org",
    started_at="2026-05-14T20:54:00Z",
    ended_at="2026-05-14T20:55:00Z",
)


def golden_files() -> Iterator[tuple[str, bytes]]:
    """
    Give each file's name and bytes.
    """
    digests = []
    for name, mission in MISSION_REGISTRY.items():
        example = mission.example
        result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        waiting = run_mission(name, example.context, example.params, mode=example.mode)
        files = {
            "definition": result.inputs.definition.raw,
            "context": example.context.initial_state.raw,
            "run": RecordedRun.of(result).raw,
        }
        if waiting.pending is not None:
            files["checkpoint"] = waiting.inputs.raw
            files["request"] = canonical(waiting.pending.request.to_dict())
        files |= {f"verdict.{step_id}": verdict.record.raw for step_id, verdict in result.verdicts}
        files |= {f"lineage.{index}": raw for index, raw in enumerate(result.entry_bytes, 1)}
        files["receipt"] = result.receipt_bytes or b""
        for part, raw in sorted(files.items()):
            yield f"missions/{name}.{part}.json", raw
            digests.append(f"{digest_of_bytes(raw).removeprefix('sha256:')}  {name}.{part}.json\n")
    yield "missions/SHA256SUMS", "".join(digests).encode()
    example = MISSION_REGISTRY["change_request"].example
    exported = RecordedRun.of(
        run_mission("change_request", example.context, example.params, answers=example.answers, mode=example.mode)
    )
    for name, raw in export_review_bundle(exported, ASSERTED).items():
        yield f"sclite/{name}", raw


def schema_files() -> Iterator[tuple[str, bytes]]:
    """
    Give the published JSON Schemas, for people and tools to read.
    """
    for name, schema in RECORD_SCHEMAS.items():
        text = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True)
        yield f"{name.replace('/', '-')}.json", f"{text}\n".encode()


def main() -> None:
    """
    Write them all.
    """
    PUBLISHED.mkdir(exist_ok=True)
    for name, raw in schema_files():
        (PUBLISHED / name).write_bytes(raw)
    for name, raw in golden_files():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(raw)
        print(path.relative_to(HERE))


if __name__ == "__main__":
    main()
