"""The heart: a pure machine from the inputs of a run to its outcome, with the records that prove it.

`execute` takes a checkpoint (definition, params, context, mode, answers so far) and gives a result: completed, failed,
denied, or waiting for one answer. It opens, reads, waits, logs and times nothing, so the same call runs live, resumes
after a wait and re-executes for an auditor. Rules, referred to by number below:

1. Everything that can be refused is refused before the first step.
2. A step either completes and gives the next state, or leaves the state as it was.
3. Each step leaves one entry, linked to the one before; the first is linked to the run header. A step that waits
   leaves none.
4. An answer is used for exactly the request it is bound to. One given in advance, by step id, is bound when its step
   asks; an `unknown` outcome is no answer yet, and a later answer to the same request settles it.
5. An answer that no step used is handed back, and whoever drives the run refuses it: nothing is dropped in silence.
6. The receipt binds header, entries, answers, final state and the way the run ended.

Read `operations.py` for what steps do, `state.py` for the state, `lineage.py` for the records, `prepare.py` for the
refusals of (1), `drive.py` for who answers effects.
"""

from collections.abc import Iterable
from typing import Final, Literal, final

from runtime.encoding.canonical import canonical_record
from runtime.encoding.digest import digest_of, digest_of_bytes
from runtime.errors import AntiFailureViolation, DefinitionError, EngineBug, EnvelopeViolation, shown
from runtime.orchestration.answering import Answers, build_refusal
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.gate import AskingPayload, build_ask, enter_answer, is_denied
from runtime.orchestration.lineage import EntryStatus, record_bytes
from runtime.orchestration.payloads import HumanPayload, When
from runtime.orchestration.prepare import PreparedStep, prepare, refuse_mutation
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView
from runtime.values.answers import Answer
from runtime.values.requests import Pending, Request, WaitReason

__all__ = [
    "AntiFailureViolation",
    "EnvelopeViolation",
    "ExecutionContext",
    "OrchestrationResult",
    "Orchestrator",
    "StepSpec",
    "WorkflowDefinition",
    "execute",
    "refuse_unused",
]


@final
class Orchestrator:
    """
    Runs a workflow that belongs to no mission; it holds no state of its own.
    """

    def run_workflow(
        self,
        workflow: WorkflowDefinition,
        ctx: ExecutionContext,
        *,
        answers: Iterable[Answer] | None = None,
        mode: Mode | str = Mode.OBSERVE,
    ) -> OrchestrationResult:
        """
        Execute a workflow as far as the answers reach.

        Args:
            workflow: at most 5 steps, at most 2 of them human.
            ctx: the state to start from; it is not touched.
            answers: decisions and outcomes, in any order, by request digest or in advance by step id.
            mode: `observe`, or `apply` to allow steps that change something outside.

        Raises:
            DefinitionError: the workflow is refused; nothing ran.
            AnswerRefusedError: an answer is invalid, stale or left over; nothing is recorded.
        """
        inputs = Checkpoint(
            definition=workflow, context=ctx, mode=Mode.of(mode), answers=() if answers is None else answers
        )
        return refuse_unused(execute(inputs))


def refuse_unused(result: OrchestrationResult) -> OrchestrationResult:
    """
    Give the result back, unless an answer was left over (5).

    Raises:
        AnswerRefusedError: one was; the message says why, and `result` is the run as it stands.
    """
    if result.unused:
        refusal = build_refusal(result.unused, result.inputs.answers)
        refusal.result = result
        raise refusal
    return result


def execute(inputs: Checkpoint) -> OrchestrationResult:
    """
    Execute a run from its inputs: done, failed, denied, or waiting for one answer.

    Raises:
        DefinitionError: the workflow, its kinds, counts, payloads or effects are refused; nothing ran.
        AnswerRefusedError: an answer is not one its step allows.
    """
    if type(inputs) is not Checkpoint:
        raise DefinitionError(f"inputs is {shown(inputs)}", where="inputs", remedy="give a Checkpoint")
    steps = prepare(inputs.definition)
    if inputs.mode is Mode.OBSERVE:
        refuse_mutation(steps)
    answers = Answers(inputs.answers)
    answers.verify_in_advance(steps)  # (1)
    run = _Execution(inputs, answers)
    for step in steps:
        run.take(step)
        if run.status is not None:
            return run.build_result(run.status)
    return run.build_result(RunStatus.COMPLETED)


_Bound = tuple[str | None, str | None]
"""Digests of the request a step made and of the answer it got."""
_UNBOUND: Final[_Bound] = (None, None)
_Stopped = Literal["failed", "denied"]
_NO_ANSWERS_DIGEST: Final = digest_of([])


class _Execution:
    """
    The run so far: state, entries, and how it stopped (None while it goes on).
    """

    def __init__(self, inputs: Checkpoint, answers: Answers) -> None:
        self.inputs = inputs
        self.answers = answers
        self.state: State = inputs.context.initial_state
        self.states = [self.state]
        self.header = inputs.header
        self.header_bytes = record_bytes(self.header)
        self.header_digest = self.head = digest_of_bytes(self.header_bytes)
        self.entries: list[bytes] = []
        self.executed: list[StepSpec] = []
        self.status: RunStatus | None = None
        self.pending: Pending | None = None
        self.error_code: str | None = None
        self.error_message: str | None = None

    def take(self, step: PreparedStep) -> None:
        """
        Take the next step: skip it, run its operation, or ask for its answer.
        """
        if step.payload.when is When.FLAGGED:  # Nothing has flagged this run: verdicts come from policies only.
            self._record(step, "skipped", self.state)
        elif step.operation.run is not None:
            view = StateView(self.state)
            try:
                step.operation.run(step.payload, view)
                after = view.commit()
            except StepFailure as failure:
                self._fail(step, failure)
            else:
                self._record(step, "completed", after)
        elif isinstance(step.payload, AskingPayload):
            self._ask(step, step.payload)
        else:
            raise EngineBug(f"operation {step.operation.name!r} neither runs nor asks")

    def _ask(self, step: PreparedStep, payload: AskingPayload) -> None:
        request = Request(
            run_digest=self.header_digest,
            sequence=len(self.entries) + 1,
            step_id=step.spec.id,
            lineage_head=self.head,
            input_digest=self.state.digest,
            ask=build_ask(payload),
        )
        digest = request.digest
        answer, is_unknown = self.answers.take(payload, step.spec.id, digest)
        if answer is None:  # (3) (4)
            self.pending = Pending(request=request, reason=WaitReason.UNKNOWN if is_unknown else WaitReason.UNANSWERED)
            is_human = isinstance(payload, HumanPayload)
            self.status = RunStatus.WAITING_HUMAN if is_human else RunStatus.WAITING_EFFECT
            return
        bound = (digest, answer.digest)
        decision = answer.decision
        if decision is not None and is_denied(payload, answer):
            reason = f": {decision.reason}" if decision.reason else ""
            self.error_message = f"Step {step.spec.id!r} denied: rejected by {decision.actor!r}{reason}"
            self._stop(step, "denied", StepErrorCode.GATE_REJECTED, bound)
            return
        try:
            after = enter_answer(payload, answer, self.state)
        except StepFailure as failure:
            self._fail(step, failure, bound)
        else:
            self._record(step, "completed", after, bound=bound)

    def _fail(self, step: PreparedStep, failure: StepFailure, bound: _Bound = _UNBOUND) -> None:
        self.error_message = f"Step {step.spec.id!r} failed: {failure}"
        self._stop(step, "failed", failure.code, bound)

    def _stop(self, step: PreparedStep, status: _Stopped, code: StepErrorCode, bound: _Bound) -> None:
        self.status = RunStatus(status)
        self.error_code = code.value
        self._record(step, status, self.state, code=code.value, bound=bound)  # (2)

    def _record(
        self,
        step: PreparedStep,
        status: EntryStatus,
        after: State,
        *,
        code: str | None = None,
        bound: _Bound = _UNBOUND,
    ) -> None:
        entry = record_bytes(
            {
                "answer_digest": bound[1],
                "error_code": code,
                "input_digest": self.state.digest,
                "kind": step.spec.kind,
                "operation": step.operation.name,
                "output_digest": after.digest,
                "payload_digest": step.payload_digest,
                "previous": self.head,
                "request_digest": bound[0],
                "schema": "lineage/v1",
                "sequence": len(self.entries) + 1,
                "status": status,
                "step_id": step.spec.id,
                "verdict_digest": None,
            }
        )
        self.entries.append(entry)
        self.head = digest_of_bytes(entry)  # (3)
        self.state = after
        self.states.append(after)
        if status != "skipped":
            self.executed.append(step.spec)

    def build_result(self, status: RunStatus) -> OrchestrationResult:
        """
        Close the run: bind everything in a receipt, unless it waits.
        """
        used = tuple(self.answers.used)
        waits = self.pending is not None
        failed_step_id = self.executed[-1].id if self.error_code else None
        return OrchestrationResult(
            status=status,
            inputs=self.inputs.answered_by(used),
            executed_steps=tuple(self.executed),
            failed_step_id=failed_step_id,
            error_code=self.error_code,
            error_message=self.error_message,
            pending=self.pending,
            states=tuple(self.states),
            header_bytes=self.header_bytes,
            entry_bytes=tuple(self.entries),
            receipt_bytes=None if waits else self._receipt(status, failed_step_id, used),
            unused=tuple(self.answers.unused),
        )

    def _receipt(self, status: RunStatus, failed_step_id: str | None, used: tuple[Answer, ...]) -> bytes:
        return record_bytes(  # (6)
            {
                "answers_digest": digest_of_bytes(canonical_record([answer.to_dict() for answer in used]))
                if used
                else _NO_ANSWERS_DIGEST,
                "error_code": self.error_code,
                "failed_step_id": failed_step_id,
                "final_state_digest": self.state.digest,
                "header": self.header,
                "header_digest": self.header_digest,
                "id": self.inputs.definition.id,
                "lineage_count": len(self.entries),
                "lineage_head": self.head,
                "schema": "receipt/v1",
                "status": status.value,
                "steps": [step.id for step in self.executed],
            }
        )
