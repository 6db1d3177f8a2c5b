"""What is looked at before the first action: kill switch, permission, and whether everything that was passed is usable.

The order is the kill switch, `allowed`, then the rest. Whatever is not clearly right gives a report, and nothing is done.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.errors import ExecutionHaltedError, ExecutionPolicyError, shown
from runtime.execution.attempts import Steps, run_action
from runtime.execution.calling import Executor, find_style
from runtime.execution.decision import actions_of, is_allowed, params_of
from runtime.execution.keys import ActionKey, key_of
from runtime.execution.model import AttemptStatus, ExecutionCode, ExecutionReport, Refusal, halted
from runtime.execution.plan import Plan
from runtime.execution.policies import ExecutionPolicy, plan_of
from runtime.execution.quick import First
from runtime.execution.redaction import message_text
from runtime.execution.shared import ActionLog, Execution
from runtime.execution.stops import find_stop, read_switch
from runtime.ports import IdempotencyStore, KillSwitch

__all__ = ["Begun", "Ports", "begin", "dry_report", "finish", "go_on", "stop_report"]


@final
@attrs.frozen(kw_only=True)
class Begun:
    """
    An execution that may begin.
    """

    execution: Execution
    actions: tuple[Action, ...]
    logs: tuple[ActionLog, ...]
    takes_more: bool = False
    first: First | None = None

    def steps(self) -> list[Steps]:
        """
        Give the steps of every action that is to be executed; HOLD never is.
        """
        steps = []
        for log in self.logs:
            action = self.actions[log.sequence]
            if action is Action.HOLD:
                log.skip(ExecutionCode.HOLD)
            else:
                steps.append(run_action(self.execution, action, log, self.first))
        return steps


def _denial(code: ExecutionCode, message: str | None = None, *, fails_closed: bool = True) -> ExecutionReport:
    return ExecutionReport((), 0, 0, 0, 0, 1, fails_closed, (Refusal(code, message_text(message)),))


# A denial is the same value every time, so it is made once: when everything must stop, nothing may be slow.
_STOPS: Final = {
    code: _denial(code, fails_closed=code is ExecutionCode.KILL_SWITCH_UNREADABLE)
    for code in (ExecutionCode.KILL_SWITCH, ExecutionCode.KILL_SWITCH_UNREADABLE, ExecutionCode.CONTEXT_INCOMPLETE)
}
_NOT_ALLOWED: Final = ExecutionReport((), 0, 0, 0, 1, 0, False, (Refusal(ExecutionCode.NOT_ALLOWED),))


@final
@attrs.frozen(kw_only=True)
class Ports:
    """
    What a caller of `execute` passes beside the four arguments.
    """

    clock: Callable[[], float]
    store: IdempotencyStore | None
    kill_switch: KillSwitch | Callable[[], bool] | None
    is_strict: bool
    is_async: bool = False


def stop_report(
    context: Mapping[str, Any], kill_switch: KillSwitch | Callable[[], bool] | None, *, is_strict: bool
) -> ExecutionReport | None:
    """
    Read the kill switch for the first time; gives a report where nothing may be done.
    """
    # The exact type first: asking an abstract class takes longer than all the rest.
    if type(context) is not dict and not isinstance(context, Mapping):
        return _denial(ExecutionCode.INVALID_CONTEXT, f"a context of type {type(context).__name__}")
    stop = find_stop(context, is_strict=is_strict)
    if stop is None and kill_switch is not None:
        stop = read_switch(kill_switch)
    return None if stop is None else _STOPS[stop]


def begin(
    decision: Any,  # noqa: ANN401 - of any class.
    context: Mapping[str, Any],
    policy: ExecutionPolicy,
    executor: Executor,
    ports: Ports,
) -> Begun | ExecutionReport:
    """
    Look at everything else once; gives a report where nothing may be done.
    """
    try:
        if not is_allowed(decision):
            return _NOT_ALLOWED
        actions = actions_of(decision)
        params = params_of(decision)
        plan = _usable_plan(policy, is_async=ports.is_async)
        handed = _copied(context)
        execution = Execution(
            plan=plan,
            context=context,
            handed=handed,
            params=params,
            keys=tuple(_key(plan, handed, params, *numbered) for numbered in enumerate(actions)),
            clock=ports.clock,
            kill_switch=ports.kill_switch,
            store=ports.store,
            is_strict=ports.is_strict,
        )
        takes_more = find_style(executor)
        execution.started = execution.now()
    except ExecutionPolicyError as error:
        return _denial(ExecutionCode.INVALID_POLICY, error.what)
    except ExecutionHaltedError as error:
        return _denial(ExecutionCode(error.halt_code), error.what)
    logs = tuple(map(ActionLog, range(len(actions))))
    return Begun(execution=execution, actions=actions, logs=logs, takes_more=takes_more)


def go_on(first: First, context: Mapping[str, Any], ports: Ports) -> Begun:
    """
    Go on after a first attempt, with what it was made with.

    What was passed is not read again: the executor may have changed it, and what it did must be reported all the same.
    """
    execution = Execution(
        plan=first.plan,
        context=context,
        handed=first.handed,
        clock=ports.clock,
        kill_switch=None,
        started=first.begun,
    )
    return Begun(execution=execution, actions=(first.action,), logs=(ActionLog(0),), first=first)


def _usable_plan(policy: ExecutionPolicy, *, is_async: bool) -> Plan:
    if type(policy) is not ExecutionPolicy:
        raise ExecutionPolicyError(f"policy {shown(policy)}: give an ExecutionPolicy")
    plan = plan_of(policy)
    if is_async and plan.is_isolated:
        raise ExecutionPolicyError("timeout.isolation process: an async executor runs in this process; use thread")
    return plan


def _key(
    plan: Plan, context: dict[str, Any], params: dict[str, Any], sequence: int, action: Action
) -> ActionKey | None:
    return key_of(plan, context, sequence, action, params) if plan.is_idempotent and action is not Action.HOLD else None


def _copied(context: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(context)
    except Exception as error:  # foreign mapping; what it holds is not known.
        what = f"the context raised {type(error).__name__}"
        raise halted(ExecutionCode.INVALID_CONTEXT, what) from error


def finish(execution: Execution, logs: Sequence[ActionLog]) -> ExecutionReport:
    """
    Put the logs together, in the order of the actions.
    """
    refusals = [refusal for log in logs for refusal in log.refusals]
    fails_closed = any(log.fails_closed for log in logs)
    try:
        latency = max(0, round((execution.now() - execution.started) * 1000))
    except ExecutionHaltedError as error:
        latency, fails_closed = 0, True
        refusals.append(Refusal(ExecutionCode(error.halt_code), message_text(error.what)))
    attempts = tuple(attempt for log in logs for attempt in log.attempts)
    statuses = [attempt.status for attempt in attempts]
    return ExecutionReport(
        attempts,
        latency,
        statuses.count(AttemptStatus.SUCCESS),
        statuses.count(AttemptStatus.FAILED),
        sum(log.skipped for log in logs),
        sum(log.denied for log in logs),
        fails_closed,
        tuple(refusals),
    )


def dry_report(begun: Begun) -> ExecutionReport:
    """
    Report what would be attempted, and that nothing was.
    """
    for log in begun.logs:
        log.skip(ExecutionCode.HOLD if begun.actions[log.sequence] is Action.HOLD else ExecutionCode.DRY_RUN)
    return finish(begun.execution, begun.logs)
