"""Effects of which it is not known how they ended: who may look, what the ledger is told, and that nothing is done twice."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from makers import make_action, make_effect_answer, make_inputs, make_outcome

from runtime.errors import TransitionError
from runtime.orchestration import EffectOutcome, OrchestrationResult
from runtime.orchestration.drive import drive
from runtime.testing import MemoryLedger, ScriptedConnector
from runtime.values import Request

MUTATE = make_action(mode="mutate", output="/out")
READ = make_action(output="/out")


@attrs.define
class Looking:
    """
    A connector whose calls never say how they end, and that gives, or raises, what looking finds.
    """

    finds: list[EffectOutcome | Exception]
    mode: str = "mutate"
    called: int = 0
    looked: list[Request] = attrs.field(factory=list)

    def describe(self) -> Mapping[str, Any]:
        """
        Describe the one action.
        """
        return {"actions": {"copy": {"mode": self.mode}}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Lose the reply.
        """
        del request
        self.called += 1
        return make_outcome("unknown", code="reply_lost")

    def reconcile(self, request: Request) -> EffectOutcome:
        """
        Look.
        """
        self.looked.append(request)
        found = self.finds.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def go(connector: Looking, ledger: MemoryLedger | None = None, **keywords: Any) -> OrchestrationResult:
    """
    Drive a run of the one step.
    """
    step = MUTATE if connector.mode == "mutate" else READ
    return drive(make_inputs(step, **keywords), effects={"files": connector}, ledger=ledger or MemoryLedger())


class TestAConnectorThatCanLook:
    """
    "`reconcile`: say how an effect ended that was begun, and never do it."
    """

    @pytest.mark.parametrize(("status", "ending"), [("succeeded", "completed"), ("failed", "failed")])
    def test_settles_what_it_lost(self, status: str, ending: str) -> None:
        """
        At once, and the record keeps that it was unknown first.
        """
        found = make_outcome(status)
        connector, ledger = Looking([found]), MemoryLedger()
        result = go(connector, ledger)
        assert result.status == ending
        assert (connector.called, len(connector.looked)) == (1, 1)
        assert [answer.outcome and answer.outcome.status for answer in result.inputs.answers] == ["unknown", status]
        assert list(ledger.outcomes.values()) == [found]

    def test_settles_what_a_crash_cut_off(self) -> None:
        """
        An intent without an outcome is looked at before anything else, and not called.
        """
        connector, ledger = Looking([make_outcome()]), MemoryLedger()
        waiting = drive(make_inputs(MUTATE)).pending
        assert waiting is not None
        ledger.record_intent(waiting.request)
        result = go(connector, ledger)
        assert (result.status, connector.called, connector.looked) == ("completed", 0, [waiting.request])
        assert list(ledger.outcomes.values()) == [make_outcome()]

    @pytest.mark.parametrize("found", [make_outcome("unknown", code="no_trace"), OSError("password=hunter2")], ids=str)
    def test_that_cannot_tell_leaves_it_open(self, found: EffectOutcome | Exception) -> None:
        """
        It is asked once in a drive, what was known stands, and no text of it is kept.
        """
        connector, ledger = Looking([found]), MemoryLedger()
        result = go(connector, ledger)
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")
        assert (connector.called, len(connector.looked)) == (1, 1)
        assert [outcome.code for outcome in ledger.outcomes.values()] == ["reply_lost"]
        assert "hunter2" not in str(result.to_dict())

    def test_is_asked_again_when_the_run_is_driven_again(self) -> None:
        """
        What could not be seen yesterday may be seen today.
        """
        connector, ledger = Looking([make_outcome("unknown"), make_outcome()]), MemoryLedger()
        first = go(connector, ledger)
        result = drive(first.inputs, effects={"files": connector}, ledger=ledger)
        assert (result.status, connector.called, len(connector.looked)) == ("completed", 1, 2)

    def test_is_not_asked_where_the_ledger_knows(self) -> None:
        """
        Whoever reconciled it there has looked.
        """
        connector, ledger = Looking([make_outcome("unknown")]), MemoryLedger()
        first = go(connector, ledger)
        [digest] = ledger.intents
        ledger.record_outcome(digest, make_outcome("failed"))
        result = drive(first.inputs, effects={"files": connector}, ledger=ledger)
        assert (result.status, result.error_code) == ("failed", "effect_failed")
        assert (connector.called, len(connector.looked)) == (1, 1)

    def test_settles_a_read_without_a_ledger(self) -> None:
        """
        Reads are not recorded.
        """
        connector, ledger = Looking([make_outcome(output=1)], mode="read"), MemoryLedger()
        result = go(connector, ledger)
        assert result.final_state == {"out": 1}
        assert (ledger.intents, ledger.outcomes) == ({}, {})


class TestAPersonWhoLooked:
    """
    "A later answer to the same request reconciles it."
    """

    def begin(self) -> tuple[OrchestrationResult, MemoryLedger, ScriptedConnector]:
        """
        Give a run that waits for an outcome nobody knows.
        """
        connector, ledger = ScriptedConnector({"copy": [make_outcome("unknown")]}, mutating=["copy"]), MemoryLedger()
        return drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger), ledger, connector

    @pytest.mark.parametrize("has_connectors", [True, False])
    def test_tells_the_ledger(self, *, has_connectors: bool) -> None:
        """
        With or without connectors at hand.
        """
        first, ledger, connector = self.begin()
        [digest] = ledger.intents
        said = make_effect_answer(request_digest=digest)
        effects = {"files": connector} if has_connectors else None
        result = drive(first.inputs.answered_by((*first.inputs.answers, said)), effects=effects, ledger=ledger)
        assert result.status == "completed"
        assert ledger.outcomes == {digest: make_outcome()}
        assert len(connector.calls) == 1

    def test_may_not_say_other_than_the_ledger_knows(self) -> None:
        """
        The ledger was there; nothing is changed, and nothing goes on.
        """
        first, ledger, connector = self.begin()
        [digest] = ledger.intents
        ledger.record_outcome(digest, make_outcome("failed"))
        said = make_effect_answer(request_digest=digest)
        with pytest.raises(TransitionError, match="has ended: failed"):
            drive(first.inputs.answered_by((*first.inputs.answers, said)), effects={"files": connector}, ledger=ledger)
        assert ledger.outcomes == {digest: make_outcome("failed")}

    def test_says_nothing_to_the_ledger_of_what_it_never_saw(self) -> None:
        """
        An outcome given in advance is of an effect that somebody else did.
        """
        ledger = MemoryLedger()
        result = drive(make_inputs(MUTATE, answers=[make_effect_answer()]), ledger=ledger)
        assert (result.status, ledger.outcomes) == ("completed", {})
