"""The door: what looks like a secret nobody declared is kept out of what is hashed.

Inputs are refused. What drivers say is redacted, because by then the effect was performed: the text of attempts always,
an output, which is data, in a run that refuses secrets.

What is looked at is what would be recorded. A value that was sealed has given way to `{"$sealed": …}` by then, and is
none. The rules are those of `encoding/redaction.py`; they look at names and shapes,
so a secret without either passes.
"""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from runtime.encoding.frozen import JsonArray, thaw
from runtime.encoding.redaction import Redaction, find_secrets, redact, redact_text
from runtime.encoding.secretmarks import mark
from runtime.errors import DefinitionError, Fault, UndeclaredSecretError
from runtime.orchestration.checkpoint import Checkpoint
from runtime.values.answers import Answer, EffectOutcome

__all__ = ["list_secrets", "redact_outcome", "refuse_secrets"]

_CODE: Final = "code_redacted"
"""Stands where a driver gave a code that looks like a secret."""


def list_secrets(inputs: Checkpoint, settled: Sequence[Answer] | None = None) -> tuple[Redaction, ...]:
    """
    List what looks like a secret in a run's inputs; never the value.

    Args:
        inputs: the run's inputs.
        settled: answers at the start that were taken before; with them, only those that follow are looked at.

    Returns:
        Paths as JSON Pointers that start with `context`, `params`, `metadata` or `answers`, and the rule of each.
    """
    parts: dict[str, Any] = {}
    if settled is None:
        metadata = inputs.context.metadata
        parts = {
            "context": inputs.context.initial_state.thaw(),
            "params": None if inputs.params is None else inputs.params.thaw(),
            "metadata": None if metadata is None else metadata.thaw(),
        }
    parts["answers"] = [_content(answer) for answer in inputs.answers[len(settled or ()) :]]
    return tuple(attrs.evolve(one, path=one.path.removeprefix("/")) for one in find_secrets(parts))


def _content(answer: Answer) -> dict[str, Any]:
    # A signature is public, and the rest names steps and requests.
    record = answer.to_dict()
    decisions = [
        {name: value for name, value in decision.items() if name != "signature"} for decision in record["decisions"]
    ]
    return {"decisions": decisions, "outcome": record["outcome"]}


def refuse_secrets(inputs: Checkpoint, settled: Sequence[Answer] | None = None) -> None:
    """
    Refuse inputs that look like a secret; `settled` as for `list_secrets`.

    Raises:
        UndeclaredSecretError: with each path and rule; never the value.
    """
    found = list_secrets(inputs, settled)
    if found:
        raise UndeclaredSecretError(
            "input that looks like a secret nobody declared",
            remedy="take it out, or give a reference such as ${NAME}; --allow-secrets (in Python allow_secrets=True) keeps it for good",
            faults=[Fault(f"it looks like a secret by the rule {one.rule}", one.path) for one in found],
        )


def redact_outcome(outcome: EffectOutcome, *, allow_secrets: bool) -> EffectOutcome:
    """
    Take secrets out of what a driver says of an effect; out of its output where none are allowed.
    """
    code, output, attempts = outcome.code, thaw(outcome.output), outcome.attempts.thaw()
    code = _CODE if code is not None and redact_text(code) != code else code
    output = output if allow_secrets else redact(output)
    try:
        return attrs.evolve(outcome, code=code, output=output, attempts=JsonArray(redact(attempts)))
    except DefinitionError:
        # Marks are longer than short secrets. How the effect ended must not be lost, because it was performed.
        output = None if output is None else mark("size")
        return attrs.evolve(outcome, code=code, output=output, attempts=JsonArray([]))
