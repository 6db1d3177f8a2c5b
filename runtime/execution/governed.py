"""A connector within the bounds of a policy: the attempts of the core around the calls of another connector.

An effect of the engine and a decided action are tried by the same rules (`attempts.py`). The rules of this file:

1. A mutating effect is tried again only where it is known not done and its code says that another try may help. What is
   unknown is never tried again. An effect that only reads may be tried again unless its code says that it is no use.
2. What was never begun, or is known not done when something stops it, is `failed`, with the code of what stopped it.
3. Of every attempt its number, status and code are kept, and no text.

That nothing is done twice is not held here but by the ledger of the run.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.encoding.frozen import JsonArray
from runtime.errors import ExecutionHaltedError, ExecutionPolicyError
from runtime.execution.attempts import run_action
from runtime.execution.calling import Call, Ended
from runtime.execution.clocks import blocking_sleep, monotonic
from runtime.execution.driving import drive_steps
from runtime.execution.model import AttemptStatus, ExecutionCode
from runtime.execution.plan import Plan
from runtime.execution.policies import ExecutionPolicy, plan_of
from runtime.execution.shared import RUN_KEY, ActionLog, Execution
from runtime.execution.workers import call_within, has_room
from runtime.ports import Connector, KillSwitch
from runtime.values.answers import EffectOutcome, OutcomeStatus, lost_outcome
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["TRANSIENT_CODES", "GovernedConnector"]

TRANSIENT_CODES: Final = frozenset({"timeout", "transient"})
"""Codes of a failure after which another try may help."""
_PERMANENT_CODES: Final = frozenset(
    {
        "auth_failed",
        "capability_undeclared",
        "disabled",
        "invalid_params",
        "mode_mismatch",
        "policy_denied",
        "unknown_action",
        "unsupported",
        "validation_failed",
    }
)


@final
@attrs.frozen
class GovernedConnector:
    """
    Calls another connector within a policy: retries, limits, one deadline, rate limit, breaker and kill switch.

    `transient_codes` are the codes after which a mutating effect that is known not done is tried again. With a limit the
    connector is called in a worker thread. `reconcile` is there when the other connector has it.
    """

    connector: Connector
    policy: ExecutionPolicy = attrs.field(factory=ExecutionPolicy, kw_only=True)
    kill_switch: KillSwitch | Callable[[], bool] | None = attrs.field(default=None, kw_only=True)
    clock: Callable[[], float] = attrs.field(default=monotonic, kw_only=True)
    sleep: Callable[[float], object] = attrs.field(default=blocking_sleep, kw_only=True)
    transient_codes: frozenset[str] = attrs.field(default=TRANSIENT_CODES, converter=frozenset, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """
        Refuse a policy that cannot be used, before anything is called.
        """
        _plan_of(self.policy)

    def describe(self) -> Mapping[str, Any]:
        """
        Describe the other connector.
        """
        return self.connector.describe()

    @property
    def reconcile(self) -> Callable[[Request], EffectOutcome]:
        """
        Look as the other connector does. A look does nothing, so neither policy nor switch is asked.
        """
        look: Callable[[Request], EffectOutcome] = self.connector.reconcile  # type: ignore[attr-defined]  # else this one has none either.
        return look

    def call(self, request: Request) -> EffectOutcome:
        """
        Perform one effect in one or more attempts, and say how it ended, with every attempt.
        """
        ask = request.ask
        if not isinstance(ask, EffectAsk):
            return EffectOutcome(status=OutcomeStatus.FAILED, code="no_effect_asked")
        outcomes: list[EffectOutcome] = []
        log = ActionLog(0)
        try:
            execution = self._begin(request, ask)
            perform = partial(self._perform, request, ask.mode, outcomes)
            drive_steps(run_action(execution, Action.ACT, log), perform, self.sleep)
        except ExecutionPolicyError:
            log.refuse(ExecutionCode.INVALID_POLICY)
        except ExecutionHaltedError as error:
            log.refuse(ExecutionCode(error.halt_code))
        return _join(outcomes, log)

    def _begin(self, request: Request, ask: EffectAsk) -> Execution:
        execution = Execution(
            plan=_plan_of(self.policy),
            context={},
            # What jitter is drawn from: the same effect waits as long on every machine.
            handed={RUN_KEY: f"{request.run_digest}:{request.sequence}"},
            clock=self.clock,
            kill_switch=self.kill_switch,
            keys=(None,),
            subject=f"{ask.connector}.{ask.action}",
        )
        execution.started = execution.now()
        return execution

    def _perform(self, request: Request, mode: EffectMode, outcomes: list[EffectOutcome], call: Call) -> Ended:
        if call.limit is not None and not has_room():
            return Ended(AttemptStatus.DENIED, ExecutionCode.TOO_MANY_ORPHANS, fails_closed=True)
        given = self._call(request, call)
        outcome = given if isinstance(given, EffectOutcome) else lost_outcome(mode, given)
        outcomes.append(outcome)
        return self._judge(outcome, mode)

    def _call(self, request: Request, call: Call) -> EffectOutcome | str:
        """
        Make one attempt; gives a code where it brings no outcome.
        """
        if call.limit is None:
            try:
                given: object = self.connector.call(request)
            except Exception:  # noqa: BLE001 - foreign code; only a code of ours is kept.
                return "connector_raised"
        else:
            name = f"effect:{request.step_id}:{call.attempt}"
            called = call_within(partial(self.connector.call, request), call.limit, name)
            if called is None:
                return ExecutionCode.ATTEMPT_TIMEOUT.value
            if called.raised is not None:
                return "connector_raised"
            given = called.value
        return given if type(given) is EffectOutcome else "connector_gave_no_outcome"

    def _judge(self, outcome: EffectOutcome, mode: EffectMode) -> Ended:
        if outcome.status is OutcomeStatus.SUCCEEDED:
            return Ended(AttemptStatus.SUCCESS)
        if mode is EffectMode.READ:
            helps = outcome.code not in _PERMANENT_CODES  # (1)
        elif outcome.status is OutcomeStatus.UNKNOWN:
            return Ended(AttemptStatus.UNKNOWN, fails_closed=True)
        else:
            helps = outcome.code in self.transient_codes
        return Ended(AttemptStatus.FAILED, is_final=not helps)


def _plan_of(policy: ExecutionPolicy) -> Plan:
    """
    Check a policy, and refuse in it what no connector heeds.
    """
    plan = plan_of(policy)
    if plan.is_idempotent:
        what = "idempotency.enabled True: the ledger of the run keeps an effect from being done twice; use False"
        raise ExecutionPolicyError(what, where="idempotency.enabled")
    if plan.is_isolated:
        what = "timeout.isolation process: a connector is called in this process; use thread"
        raise ExecutionPolicyError(what, where="timeout.isolation")
    if plan.max_concurrency > 1:
        what = f"max_concurrency {plan.max_concurrency}: an effect is tried once at a time; use 1"
        raise ExecutionPolicyError(what, where="max_concurrency")
    return plan


def _join(outcomes: list[EffectOutcome], log: ActionLog) -> EffectOutcome:
    """
    Give the one outcome of all attempts (3).
    """
    attempts: list[dict[str, Any]] = [
        {"number": number, "status": outcome.status.value, "code": outcome.code}
        for number, outcome in enumerate(outcomes, start=1)
    ]
    last = outcomes[-1] if outcomes else None
    denied = [one.error_code for one in log.attempts if one.status is AttemptStatus.DENIED]
    stop = next(filter(None, [*denied, *(refusal.code for refusal in log.refusals)]), None)
    if stop is not None and (last is None or last.status is not OutcomeStatus.SUCCEEDED):
        attempts.append({"number": len(attempts) + 1, "status": "denied", "code": stop.value})
    if stop is not None and (last is None or last.status is OutcomeStatus.FAILED):
        last = EffectOutcome(status=OutcomeStatus.FAILED, code=stop.value)  # (2)
    assert last is not None  # noqa: S101 - without an attempt something stopped it.
    return attrs.evolve(last, attempts=JsonArray(attempts))
