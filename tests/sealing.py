"""A mission that seals, its connector and what tests look at of it."""

from collections.abc import Callable
from typing import Any

import attrs
from makers import make_action, make_gate, make_step

from runtime.encoding.seal import is_sealed
from runtime.orchestration import (
    EffectOutcome,
    Example,
    ExecutionContext,
    Mission,
    OrchestrationResult,
    OutcomeStatus,
    Request,
    Seal,
    Sealing,
    WorkflowDefinition,
    carry,
)
from runtime.orchestration.registry import run_mission
from runtime.testing import MemoryLedger, MemoryOpenings
from runtime.values.checks import is_identifier, or_sealed
from runtime.values.requests import EffectAsk


@attrs.frozen(kw_only=True)
class PaymentParams:
    """
    What a payment takes.
    """

    token: str | Seal = attrs.field(validator=or_sealed(is_identifier))


def build_payment(params: PaymentParams) -> WorkflowDefinition:
    """
    Build: ask a person, pay by the token, keep what came back.
    """
    return WorkflowDefinition(
        "payment",
        [
            make_gate("gate", show={"who": "customer"}),
            make_action("pay", params={"token": carry(params.token), "amount": 5}, mode="mutate", output="/paid"),
            make_step("keep", "set", path="/kept", from_="/customer/iban"),
        ],
    )


PAYMENT = Mission(
    name="payment",
    version="1.0.0",
    summary="Pays.",
    params_class=PaymentParams,
    build=build_payment,
    example=Example(params={"token": "t-1"}),
    catalogue={"files": {"actions": {"copy": {"mode": "mutate"}}}},
    seals=["/context/customer/iban", "/params/token", "/outcomes/pay/card/number"],
)
REGISTRY = {"payment": PAYMENT}


@attrs.define
class Terminal:
    """
    A connector that does what a test tells it to; `given` holds the params of each call.
    """

    act: Callable[[dict[str, Any]], Any]
    mode: str = "mutate"
    given: list[dict[str, Any]] = attrs.field(factory=list)
    requests: list[Request] = attrs.field(factory=list)

    def describe(self) -> dict[str, Any]:
        """
        Say what `copy` does.
        """
        return {"actions": {"copy": {"mode": self.mode}}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Do it.
        """
        assert isinstance(request.ask, EffectAsk)
        self.requests.append(request)
        self.given.append(request.ask.params.thaw())
        done: EffectOutcome = self.act(self.given[-1])
        return done


def give(output: Any, **fields: Any) -> Callable[[dict[str, Any]], EffectOutcome]:
    """
    Give an act that succeeds with an output.
    """
    return lambda _: EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output, **fields)


def make_sealing(*rules: str, **changes: Any) -> Sealing:
    """
    Make a sealing in memory.
    """
    return Sealing(**{"openings": MemoryOpenings(), "rules": rules, **changes})


def pay(secret: str, terminal: Terminal, sealing: Sealing, **keywords: Any) -> OrchestrationResult:
    """
    Run the payment with a secret as IBAN and as token.
    """
    fields: dict[str, Any] = {
        "effects": {"files": terminal},
        "ledger": MemoryLedger(),
        "mode": "apply",
        "registry": REGISTRY,
        **keywords,
    }
    context = ExecutionContext({"customer": {"name": "Ada", "iban": f"DE{secret}"}})
    return run_mission("payment", context, {"token": f"T{secret}"}, seal=sealing, **fields)


def is_seal(value: Any) -> bool:
    """
    Tell whether a value is exactly a seal.
    """
    return is_sealed(value) and len(value) == 1 and value["$sealed"].startswith("sha256:")
