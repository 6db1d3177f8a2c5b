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
7. A verdict is worked out here, from a pack that is an input of the run: allow goes on, deny ends the run, and flag
   opens every later step that is marked `when: flagged`; nothing takes a flag back.

Read `operations.py` for what steps do, `state.py` for the state, `lineage.py` for the records, `prepare.py` for the
refusals of (1), `drive.py` for who answers effects.
"""

from collections.abc import Iterable
from typing import Final, Literal, final

from runtime.encoding.digest import digest_of_bytes
from runtime.errors import AntiFailureViolation, DefinitionError, EngineBug, EnvelopeViolation, shown
from runtime.orchestration.answering import Answers, refuse_unused
from runtime.orchestration.approvals import refuse_unverified
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.deciding import Policies, bind_policies, decide, read_policies, record_policies
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.gate import AskingPayload, build_ask, enter_answer, find_denial
from runtime.orchestration.lineage import EntryStatus, Receipt, record_bytes
from runtime.orchestration.paths import write
from runtime.orchestration.payloads_asking import DecidePayload, HumanPayload
from runtime.orchestration.preflight import verify_proof
from runtime.orchestration.prepare import PreparedStep, prepare, refuse_mutation
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.sealed_inputs import refuse_seals
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView
from runtime.policy.pack import PolicyPack
from runtime.values.answers import Answer
from runtime.values.requests import Pending, Request, WaitReason
from runtime.values.verdicts import Decision, Verdict

__all__ = [
    "AntiFailureViolation",
    "EnvelopeViolation",
    "ExecutionContext",
    "OrchestrationResult",
    "Orchestrator",
    "StepSpec",
    "WorkflowDefinition",
    "execute",
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
        policies: Iterable[PolicyPack] = (),
        mode: Mode | str = Mode.OBSERVE,
    ) -> OrchestrationResult:
        """
        Execute a workflow as far as the answers reach.

        Args:
            workflow: at most 5 steps, at most 2 of them human.
            ctx: the state to start from; it is not touched.
            answers: decisions and outcomes, in any order, by request digest or in advance by step id.
            policies: the packs its `decide` steps ask for.
            mode: `observe`, or `apply` to allow steps that change something outside.

        Raises:
            DefinitionError: workflow or inputs are refused; nothing ran.
            AnswerRefusedError: an answer is invalid, stale, left over, or to be checked; nothing is recorded.
        """
        inputs = Checkpoint(
            definition=workflow,
            context=ctx,
            policies=record_policies(policies),
            mode=Mode.of(mode),
            answers=() if answers is None else answers,
        )
        return refuse_unverified(refuse_unused(execute(refuse_seals(inputs))))


def execute(inputs: Checkpoint) -> OrchestrationResult:
    """
    Execute a run from its inputs: done, failed, denied, or waiting for one answer.

    Raises:
        DefinitionError: the workflow, its kinds, counts, payloads or effects are refused; nothing ran.
        IntegrityError: the certificate is not of this workflow; nothing ran.
        AnswerRefusedError: an answer is not one its step allows.
    """
    if type(inputs) is not Checkpoint:
        raise DefinitionError(f"inputs is {shown(inputs)}", where="inputs", remedy="give a Checkpoint")
    steps = prepare(inputs.definition)
    if inputs.mode is Mode.OBSERVE:
        refuse_mutation(steps)
    packs = read_policies(inputs.policies)
    bind_policies(steps, packs)
    if inputs.proof is not None:
        verify_proof(inputs.definition, inputs.policies, inputs.proof)
    answers = Answers(inputs.answers)
    answers.verify_in_advance(steps)  # (1)
    run = _Execution(inputs, answers, packs)
    for step in steps:
        run.take(step)
        if run.status is not None:
            return run.build_result(run.status)
    return run.build_result(RunStatus.COMPLETED)


_Bound = tuple[str | None, str | None]
"""Digests of the request a step made and of the answer it got."""
_UNBOUND: Final[_Bound] = (None, None)
_Stopped = Literal["failed", "denied"]


class _Execution:
    """
    The run so far: state, entries, and how it stopped (None while it goes on).
    """

    def __init__(self, inputs: Checkpoint, answers: Answers, packs: Policies) -> None:
        self.inputs = inputs
        self.answers = answers
        self.packs = packs
        self.verdicts: dict[str, Verdict] = {}
        self.is_flagged = False
        self.state: State = inputs.context.initial_state
        self.states = [self.state]
        self.header = inputs.header
        self.header_bytes = record_bytes(self.header)
        self.header_digest = self.head = digest_of_bytes(self.header_bytes)
        self.entries: list[bytes] = []
        self.executed: list[StepSpec] = []
        self.requests: list[Request] = []
        self.status: RunStatus | None = None
        self.pending: Pending | None = None
        self.error_code: str | None = None
        self.error_message: str | None = None

    def take(self, step: PreparedStep) -> None:
        """
        Take the next step: skip it, run its operation, weigh it by a policy, or ask for its answer.
        """
        try:
            if step.is_gated and not self.is_flagged:
                self._record(step, "skipped", self.state)
            elif step.operation.run is not None:
                view = StateView(self.state)
                step.operation.run(step.payload, view)
                self._record(step, "completed", view.commit())
            elif isinstance(step.payload, AskingPayload):
                self._ask(step, step.payload)
            elif isinstance(step.payload, DecidePayload):
                self._decide(step, step.payload)
            else:
                raise EngineBug(f"operation {step.operation.name!r} neither runs nor asks")
        except StepFailure as failure:
            self._fail(step, failure)

    def _ask(self, step: PreparedStep, payload: AskingPayload) -> None:
        request = Request(
            run_digest=self.header_digest,
            sequence=len(self.entries) + 1,
            step_id=step.spec.id,
            lineage_head=self.head,
            input_digest=self.state.digest,
            ask=build_ask(payload, self.state),
        )
        digest = request.digest
        answer, is_unknown = self.answers.take(payload, request, digest)
        if answer is None:  # (3) (4)
            self.pending = Pending(request=request, reason=WaitReason.UNKNOWN if is_unknown else WaitReason.UNANSWERED)
            self.status = RunStatus.WAITING_HUMAN if isinstance(payload, HumanPayload) else RunStatus.WAITING_EFFECT
            return
        self.requests.append(request)
        bound = (digest, answer.digest)
        denial = find_denial(payload, answer)
        if denial is not None:
            self._deny(step, *denial, bound)
            return
        try:
            after = enter_answer(payload, answer, self.state)
        except StepFailure as failure:
            self._fail(step, failure, bound)
        else:
            self._record(step, "completed", after, bound=bound)

    def _decide(self, step: PreparedStep, payload: DecidePayload) -> None:
        view = StateView(self.state)
        verdict = self.verdicts[step.spec.id] = decide(payload, view, self.packs)
        if verdict.decision is Decision.DENY:
            why = f"policy {payload.policy!r}, reason {verdict.reason_code!r}"
            self._deny(step, StepErrorCode.POLICY_DENIED, why)
            return
        self.is_flagged = self.is_flagged or verdict.decision is Decision.FLAG  # (7)
        write(view, payload.path, verdict.to_dict())
        self._record(step, "completed", view.commit())

    def _fail(self, step: PreparedStep, failure: StepFailure, bound: _Bound = _UNBOUND) -> None:
        self.error_message = f"Step {step.spec.id!r} failed: {failure}"
        self._stop(step, "failed", failure.code, bound)

    def _deny(self, step: PreparedStep, code: StepErrorCode, why: str, bound: _Bound = _UNBOUND) -> None:
        self.error_message = f"Step {step.spec.id!r} denied: {why}"
        self._stop(step, "denied", code, bound)

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
        verdict = self.verdicts.get(step.spec.id)
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
                "verdict_digest": verdict.digest if verdict else None,
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
        failed_step_id = self.executed[-1].id if self.error_code else None
        return OrchestrationResult(
            status=status,
            inputs=self.inputs.answered_by(tuple(self.answers.used)),
            executed_steps=tuple(self.executed),
            failed_step_id=failed_step_id,
            error_code=self.error_code,
            error_message=self.error_message,
            pending=self.pending,
            states=tuple(self.states),
            header_bytes=self.header_bytes,
            entry_bytes=tuple(self.entries),
            receipt_bytes=None if self.pending else record_bytes(self._receipt(status, failed_step_id)),
            requests=tuple(self.requests),
            unused=tuple(self.answers.unused),
            verdicts=tuple(self.verdicts.items()),
        )

    def _receipt(self, status: RunStatus, failed_step_id: str | None) -> Receipt:
        return {  # (6)
            "answers_digest": self.answers.digest,
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
