"""What is passed may raise, lie or be changed meanwhile: `execute` gives a report all the same, and no secret leaves."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from executing import ACT, FAIL, OK, make_policy, run

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import AttemptStatus, ExecutionCode, TimeoutPolicy
from runtime.testing import ScriptedExecutor

CANARY = "token=abcdef123456"
NAMED: type[Any] = type(CANARY, (Exception,), {})


class _BadMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise OSError(key)

    def __iter__(self) -> Iterator[str]:
        raise OSError

    def __len__(self) -> int:
        return 1


class _BadAction:
    @property
    def value(self) -> str:
        raise OSError


class _Liar(str):
    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("ACT")


class _BadExecutor:
    @property
    def __signature__(self) -> None:
        raise OSError

    def __call__(self, _: Action, __: dict[str, Any]) -> tuple[bool, None]:
        raise NotImplementedError


def _loop() -> dict[str, Any]:
    params: dict[str, Any] = {}
    params["again"] = [params]
    return params


@pytest.mark.parametrize(
    "decision",
    [
        FinalDecision(Action.ACT, params=_BadMapping()),  # type: ignore[arg-type]  # foreign.
        FinalDecision(Action.ACT, params=_loop()),
        FinalDecision(_BadAction()),  # type: ignore[arg-type]  # foreign.
        FinalDecision(_Liar("BUY")),  # type: ignore[arg-type]  # foreign.
        FinalDecision(["ACT"]),  # type: ignore[arg-type]  # foreign.
    ],
    ids=["params_raise", "params_hold_themselves", "action_raises", "action_lies", "action_is_a_list"],
)
def test_a_decision_that_cannot_be_read_is_a_report(decision: FinalDecision) -> None:
    """
    INV-EXE-3: what is not clearly a decision is refused whole.
    """
    executor = ScriptedExecutor([OK])
    report = run(executor, decision=decision)
    assert (report.error_code, report.fail_closed) == (ExecutionCode.INVALID_DECISION, True)
    assert not executor.calls


def test_an_executor_that_does_not_say_how_it_is_called_is_a_report() -> None:
    """
    INV-EXE-3: code of its own runs when it is asked.
    """
    report = run(_BadExecutor())
    assert (report.error_code, report.fail_closed) == (ExecutionCode.INVALID_EXECUTOR, True)


@pytest.mark.parametrize("executor", [ScriptedExecutor([FAIL]), lambda _, __: FAIL], ids=["general", "quick"])
def test_a_clock_may_give_any_kind_of_number(executor: Any) -> None:
    """
    INV-EXE-2: decimals and floats do not mix.
    """
    policy = make_policy(timeout=TimeoutPolicy(None, 5000 if isinstance(executor, ScriptedExecutor) else None))
    policy.retry.max_retries = 0
    policy.validate()
    report = run(executor, policy=policy, clock=lambda: Decimal(1), sleep=None)
    assert (report.failed_count, report.total_latency_ms, report.fail_closed) == (1, 0, False)


@pytest.mark.parametrize("answer", [NAMED(), NAMED], ids=["raised", "returned"])
@pytest.mark.parametrize("timeout", [TimeoutPolicy(None, None), TimeoutPolicy()], ids=["here", "in_a_thread"])
def test_the_name_of_a_class_is_redacted(answer: Any, timeout: TimeoutPolicy) -> None:
    """
    INV-EXE-5: an executor may make a class of any name.
    """
    given = answer if isinstance(answer, Exception) else object.__new__(type(CANARY, (), {}))
    report = run(ScriptedExecutor([given]), policy=make_policy(timeout=timeout))
    assert report.fail_closed
    assert "abcdef" not in report.raw.decode()


def test_the_name_of_what_a_clock_raises_is_redacted() -> None:
    """
    INV-EXE-5: at the end as before.
    """
    executor = ScriptedExecutor([OK])

    def clock() -> float:
        if executor.calls:
            raise NAMED
        return 0.0

    report = run(executor, clock=clock, sleep=None)
    assert report.attempts[0].status is AttemptStatus.SUCCESS
    assert (report.error_code, report.fail_closed) == (ExecutionCode.CLOCK_FAILED, True)
    assert "abcdef" not in report.raw.decode()


def test_the_name_of_what_a_clock_raises_only_at_the_end_is_redacted() -> None:
    """
    INV-EXE-5: the last reading is that of the report.
    """
    times = iter([0.0] * 5)

    def clock() -> float:
        for time in times:
            return time
        raise NAMED

    report = run(ScriptedExecutor([OK]), clock=clock, sleep=None)
    assert (report.success_count, len(report.refusals), report.fail_closed) == (1, 1, True)
    assert "abcdef" not in report.raw.decode()


def test_what_is_tried_again_is_what_was_decided() -> None:
    """
    INV-EXE-5: neither an attempt nor the caller changes it meanwhile, at any depth.
    """
    decision = FinalDecision(Action.ACT, params={"orders": [{"amount": 5}]})
    seen = []

    def spoil(_: Action, __: dict[str, Any], *, params: dict[str, Any], idempotency_key: str | None) -> Any:
        del idempotency_key
        seen.append(params["orders"][0]["amount"])
        params["orders"][0]["amount"] = 500
        if decision.params:
            decision.params["orders"].clear()
        return FAIL

    kept = decision.params
    report = run(spoil, decision=decision)
    assert (seen, report.failed_count) == ([5] * 4, 4)
    assert kept == {"orders": []}
    assert run(ScriptedExecutor([OK]), decision=ACT).success_count == 1
