"""INV-EXE-5: the key under which an action is done once. An equal action of another run has another key."""

from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.encoding.digest import digest_of
from runtime.errors import ExecutionHaltedError, MissionEngineError
from runtime.execution.model import ExecutionCode, halted
from runtime.execution.plan import Plan
from runtime.limits import MAX_IDENTIFIER_LENGTH

__all__ = ["SCOPE_KEY", "ActionKey", "key_of"]

SCOPE_KEY: Final = "idempotency_scope"


@final
@attrs.frozen
class ActionKey:
    """
    The key of an action, and the digest of what it stands for, so that one key cannot stand for two things.
    """

    key: str
    payload_digest: str


def key_of(plan: Plan, context: dict[str, Any], sequence: int, action: Action, params: dict[str, Any]) -> ActionKey:
    """
    Give the key of an action: a digest under the scope of the context, or else what the policy's generator says.

    Raises:
        ExecutionHaltedError: there is neither, or it gives no key.
    """
    payload = _digest({"schema": "execution-payload/v1", "action": action.value, "params": params})
    scope = context.get(SCOPE_KEY)
    if scope is not None:
        parts = {"scope": _text(scope), "sequence": sequence, "payload": payload}
        return ActionKey(_digest({"schema": "execution-key/v1", **parts}), payload)
    if plan.key_generator is None:
        raise _failure(f"no key: put {SCOPE_KEY} into the context, or give the policy a key_generator")
    try:
        key = plan.key_generator(action, context)
    except Exception as error:  # foreign code; without a key nothing is done.
        raise _failure(f"key_generator raised {type(error).__name__}") from error
    return ActionKey(_text(key), payload)


def _digest(document: dict[str, Any]) -> str:
    try:
        return digest_of(document)
    except MissionEngineError as error:
        raise _failure(f"params that are no JSON have no key: {error.what}") from error


def _text(value: object) -> str:
    if type(value) is not str or not 0 < len(value) <= MAX_IDENTIFIER_LENGTH or not value.isprintable():
        # Its value is not shown: a key may be a secret.
        raise _failure(f"a key of type {type(value).__name__}: give 1 to {MAX_IDENTIFIER_LENGTH} printable characters")
    return value


def _failure(what: str) -> ExecutionHaltedError:
    return halted(ExecutionCode.IDEMPOTENCY_KEY_FAILED, what)
