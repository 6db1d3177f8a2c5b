"""Files with changed bytes: a checkpoint or a recorded run is never read as something it does not say."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from makers import make_action, make_decision, make_effect_answer, make_gate, make_step, run
from mutations import Judge

from runtime.errors import IntegrityError, ReceiptMismatchError
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import Checkpoint
from runtime.orchestration.registry import resume_mission

CHECKPOINT = run({"n": 1}, make_gate(output="/d", input_schema={"type": "object"}), make_step()).inputs.raw
RECORD = RecordedRun.of(
    run(
        {"n": 1},
        make_gate(output="/d"),
        make_action(output="/d/a"),
        answers=[make_decision(reason="ok", input=None), make_effect_answer(output=[True])],
    )
).raw


def _flips(raw: bytes) -> Iterator[bytes]:
    for index in range(len(raw)):
        for bit in range(8):
            yield raw[:index] + bytes([raw[index] ^ 1 << bit]) + raw[index + 1 :]


def _cuts(raw: bytes) -> Iterator[bytes]:
    for index in range(len(raw)):
        yield raw[:index]
        yield raw[index + 1 :]
        yield raw[:index] + raw[index + 1 :]


def _repeats(raw: bytes) -> Iterator[bytes]:
    for index in range(len(raw)):
        yield raw[: index + 1] + raw[index:]
        yield raw[:index] + b" " + raw[index:]


def _scrambles(raw: bytes) -> Iterator[bytes]:
    rng = Random("scrambled")
    for _ in range(1000):
        changed = bytearray(raw)
        for _ in range(rng.choice([1, 2, 4])):
            changed[rng.randrange(len(raw))] = rng.choice([*b'{}[]":,0123456789abcdefnulltrue \\', rng.randrange(256)])
        yield bytes(changed)


def _find_clean(raws: Iterator[bytes]) -> list[bytes]:
    """
    List what replays clean although it is not the record; anything but a refusal is an error.
    """
    clean = []
    for raw in raws:
        try:
            replay(RecordedRun.from_bytes(raw))
        except (IntegrityError, ReceiptMismatchError):
            continue
        if raw != RECORD:
            clean.append(raw)
    return clean


@pytest.mark.slow
@pytest.mark.parametrize("tamper", [_flips, _cuts, _repeats], ids=["a bit flipped", "bytes cut", "a byte put in"])
def test_a_record_with_any_byte_changed_is_detected(tamper: Callable[[bytes], Iterator[bytes]]) -> None:
    """
    At every position of a record, a change is refused on reading or found by replay.
    """
    assert _find_clean(tamper(RECORD)) == []


def test_a_scrambled_record_is_detected() -> None:
    """
    So are random changes of several bytes.
    """
    assert _find_clean(_scrambles(RECORD)) == []


@pytest.mark.parametrize(
    "tamper",
    [_flips, _cuts, _repeats, _scrambles],
    ids=["a bit flipped", "bytes cut", "a byte put in", "scrambled"],
)
@pytest.mark.slow
def test_a_changed_checkpoint_is_refused_or_read_as_it_stands(tamper: Callable[[bytes], Iterator[bytes]]) -> None:
    """
    A checkpoint that is read has exactly the bytes it was read from, and resuming it never breaks.
    """
    judge = Judge()
    for index, raw in enumerate(tamper(CHECKPOINT)):
        checkpoint = judge(f"case {index}", Checkpoint.from_bytes, raw)
        if checkpoint is not None:
            assert checkpoint.raw == raw
            judge(f"case {index}", resume_mission, checkpoint, [make_decision(input={})])
    assert not judge.wrong, judge.report()
    assert judge.refused
