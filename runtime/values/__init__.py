"""What the core packages hand each other: requests, answers and what they hold."""

from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.decisions import EXPIRED, DecisionSignature, HumanDecision, Opening
from runtime.values.requests import EffectAsk, EffectMode, HumanAsk, Pending, Request, WaitReason

__all__ = [
    "EXPIRED",
    "Answer",
    "DecisionSignature",
    "EffectAsk",
    "EffectMode",
    "EffectOutcome",
    "HumanAsk",
    "HumanDecision",
    "Opening",
    "OutcomeStatus",
    "Pending",
    "Request",
    "WaitReason",
]
