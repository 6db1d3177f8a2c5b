"""The canary: a sealed value that is looked for in everything a run leaves behind, in every form."""

import base64
import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from exporting import make_bundle
from makers import make_decision
from sealing import REGISTRY, Terminal, give, pay

from runtime.cli.words import show_result
from runtime.errors import MissionEngineError
from runtime.evidence import RecordedRun
from runtime.evidence.explain import explain
from runtime.orchestration import EffectOutcome, OutcomeStatus, Sealing
from runtime.orchestration.registry import resume_mission
from runtime.storage import FileVault
from runtime.testing import MemoryLedger


def forms_of(secret: str) -> list[bytes]:
    """
    List the forms a secret is looked for in.
    """
    raw = secret.encode()
    shifted = [base64.b64encode(bytes(offset) + raw)[4:-4] for offset in range(3)]
    return [raw, raw.hex().encode(), raw[::-1], *shifted]


def assert_hidden(secret: str, *outputs: Any) -> None:
    """
    Look for a secret in outputs, as text, as JSON and as repr.
    """
    for output in outputs:
        raw = output if isinstance(output, bytes) else f"{output}{output!r}".encode()
        for form in forms_of(secret):
            assert form not in raw


def _fail(secret: str) -> Any:
    def act(_: dict[str, Any]) -> EffectOutcome:
        raise RuntimeError(f"cannot pay with T{secret}")

    return act


def _tell(status: OutcomeStatus, secret: str) -> Any:
    attempts: Any = [
        {"number": 1, "error": f"T{secret} declined", "dump": base64.b64encode(f"a:T{secret}".encode()).decode()}
    ]
    return lambda _: EffectOutcome(
        status=status, code="declined", attempts=type(EffectOutcome(status=OutcomeStatus.SUCCEEDED).attempts)(attempts)
    )


def _outcomes(secret: str) -> dict[str, Any]:
    return {
        "completed": give({"card": {"number": secret}, "echo": f"paid T{secret}", f"T{secret}": 1}),
        "failed": _tell(OutcomeStatus.FAILED, secret),
        "unknown": _tell(OutcomeStatus.UNKNOWN, secret),
        "raised": _fail(secret),
        "no outcome": lambda _: f"T{secret}",
        "misplaced": give(f"T{secret}"),
    }


CHOICES: dict[str, list[Any]] = {
    "granted": [make_decision()],
    "denied": [make_decision(choice="reject")],
    "waiting": [],
}


@pytest.mark.parametrize("outcome", _outcomes(""))
@pytest.mark.parametrize("choice", CHOICES)
def test_it_is_in_nothing_that_a_run_leaves(
    outcome: str, choice: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Completed, failed, denied, waiting or broken: no record, no text, no error, no file outside of the vault.
    """
    caplog.set_level(logging.DEBUG)
    secret = f"{token_hex(8)}Canary"
    root = tmp_path / "root"
    vault, ledger, terminal = FileVault(root / "vault"), MemoryLedger(), Terminal(_outcomes(secret)[outcome])
    sealing = Sealing(openings=vault)
    result = pay(secret, terminal, sealing, answers=CHOICES[choice], ledger=ledger)
    assert_hidden(
        secret,
        json.dumps(result.to_dict()),
        result,
        result.inputs.raw,
        result.states,
        [state.raw for state in result.states],
        ledger,
        [request.to_dict() for request in ledger.intents.values()],
        sealing,
        terminal.requests,
        show_result(result, result.inputs.digest, "file", "mission"),
    )
    if result.receipt is not None:
        run = RecordedRun.of(result)
        bundle = make_bundle(result)
        assert_hidden(secret, run.raw, run, bundle, explain(result))
        (root / "run.json").write_bytes(run.raw)
    for path in filter(Path.is_file, root.rglob("*")):
        assert_hidden(secret, path.read_bytes(), path)
    assert_hidden(secret, caplog.text)
    if choice == "granted":
        assert terminal.given == [{"token": f"T{secret}", "amount": 5}]


def test_it_is_in_no_error(tmp_path: Path) -> None:
    """
    Whatever is refused: the text of the error and of all it came from.
    """
    secret = f"{token_hex(8)}Canary"
    refused = []
    unsealed: Any = None
    sealing = Sealing(openings=FileVault(tmp_path), rules=["/context/customer/nowhere"])
    attempts: list[Callable[[], Any]] = [
        lambda: pay(secret, Terminal(_fail(secret)), sealing),
        lambda: pay(secret * 50, Terminal(_fail(secret)), Sealing(openings=FileVault(tmp_path))),
        lambda: pay(secret, Terminal(_fail(secret)), Sealing(openings=FileVault(tmp_path)), ledger=None),
        lambda: pay(secret, Terminal(_fail(secret)), Sealing(openings=FileVault(tmp_path)), effects={}),
        lambda: pay(secret, Terminal(_fail(secret)), unsealed),
    ]
    for attempt in attempts:
        with pytest.raises(MissionEngineError) as error:
            attempt()
        refused.append("".join(traceback.format_exception(error.value)))
    # The lines of this file that called stand in a traceback; they hold the name of the variable alone.
    assert_hidden(secret, *refused)


def test_a_resumed_run_hides_it_too(tmp_path: Path) -> None:
    """
    The vault is all the second process has.
    """
    secret = f"{token_hex(8)}Canary"
    waiting = pay(secret, Terminal(give(None)), Sealing(openings=FileVault(tmp_path)))
    assert waiting.checkpoint is not None
    terminal = Terminal(give({"card": {"number": secret}, "note": f"T{secret}"}))
    result = resume_mission(
        type(waiting.checkpoint).from_bytes(waiting.checkpoint.raw),
        [make_decision()],
        seal=Sealing(openings=FileVault(tmp_path)),
        effects={"files": terminal},
        ledger=MemoryLedger(),
        registry=REGISTRY,
    )
    assert result.status == "completed"
    assert terminal.given == [{"token": f"T{secret}", "amount": 5}]
    assert_hidden(secret, RecordedRun.of(result).raw, json.dumps(result.to_dict()))
