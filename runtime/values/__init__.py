"""What the core packages hand each other: requests, answers and what they hold."""

from runtime.values.answers import Answer, EffectOutcome, HumanDecision, OutcomeStatus
from runtime.values.requests import EffectAsk, EffectMode, HumanAsk, Pending, Request, WaitReason

__all__ = [
    "Answer",
    "EffectAsk",
    "EffectMode",
    "EffectOutcome",
    "HumanAsk",
    "HumanDecision",
    "OutcomeStatus",
    "Pending",
    "Request",
    "WaitReason",
]
