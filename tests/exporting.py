"""What the tests of exports share: runs of every ending, and what SCLite computes, written a second time."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_step,
    make_votes,
    run,
)

from runtime.evidence import RecordedRun
from runtime.evidence.exports import ReviewAssertions, export_review_bundle
from runtime.orchestration import Answer, HumanDecision, OrchestrationResult, execute
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.policy.pack import PolicyPack

Ending = Callable[[], OrchestrationResult]


def make_assertions(**changes: Any) -> ReviewAssertions:
    """
    Make what an exporter asserts.
    """
    fields = {
        "operator": "grace",
        "target_host": "web.example.org",
        "started_at": "2026-05-14T20:54:00Z",
        "ended_at": "2026-05-14T20:55:00Z",
    }
    return ReviewAssertions(**{**fields, **changes})


def make_bundle(result: OrchestrationResult, **changes: Any) -> dict[str, bytes]:
    """
    Export a result.
    """
    return export_review_bundle(RecordedRun.of(result), make_assertions(**changes))


def run_example(name: str) -> OrchestrationResult:
    """
    Run the example of a built-in mission.
    """
    example = MISSION_REGISTRY[name].example
    return run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)


def make_pack(effect: str, *, policy_id: str = "limits", risk_class: str = "low", when: str = "true") -> PolicyPack:
    """
    Make a pack that always says one thing.
    """
    rule = {
        "rule_id": "always",
        "effect": effect,
        "when": [when],
        "risk_class": risk_class,
        "reason_code": "always_so",
    }
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": policy_id, "version": "1.0.0", "rules": [rule]}
    )


def _decide(effect: str) -> Ending:
    step = make_step("weigh", "decide", policy="limits", path="/v")
    return lambda: run({}, step, policies=[make_pack(effect)])


def _act(status: str, *more: Any) -> Ending:
    return lambda: run({}, make_action(), *more, mode="apply", answers=[make_effect_answer(status=status)])


FAIL = make_step("stop", "fail", reason="no")

PASSING: Mapping[str, Ending] = {
    "nothing is done": lambda: run({}, make_step()),
    "a policy allows": _decide("allow"),
    "a person approves": lambda: run({}, make_gate(), answers=[make_decision()]),
    "a person chooses": lambda: run({}, make_gate(choices=["a", "b"]), answers=[make_decision(choice="b")]),
    "two persons approve": lambda: run({}, make_gate(quorum=2), answers=[make_votes("approve", "approve")]),
    "a gate is skipped": lambda: run({}, make_gate(when="flagged")),
    "an effect is done": _act("succeeded"),
    "an effect is skipped": lambda: run({}, make_action(when="flagged"), mode="apply"),
    "two effects are done": lambda: run(
        {},
        make_action(),
        make_action("again"),
        mode="apply",
        answers=[make_effect_answer(), make_effect_answer("again")],
    ),
}
"""Runs that SCLite passes."""

FAILING: Mapping[str, Ending] = {
    "a step fails": lambda: run({}, FAIL),
    "an effect is not done": _act("failed"),
    "an effect is done, then a step fails": _act("succeeded", FAIL),
    "an effect is done, and has no place": lambda: run(
        {}, make_action(output="/a/b"), mode="apply", answers=[make_effect_answer()]
    ),
    "a step fails before the gate": lambda: run({}, FAIL, make_gate()),
    "a gate that cannot be shown": lambda: run({}, make_gate(show={"what": "missing"})),
    "a step fails after the gate": lambda: run({}, make_gate(), FAIL, answers=[make_decision()]),
    "a person rejects": lambda: run({}, make_gate(), answers=[make_decision(choice="reject")]),
    "a policy denies": _decide("deny"),
    "a person rejects, and the run goes on": lambda: run(
        {}, make_gate(on_reject="continue"), answers=[make_decision(choice="reject")]
    ),
    "a vote fails, and the run goes on": lambda: run(
        {},
        make_gate(quorum=2, choices=["a", "b", "reject"], on_reject="continue"),
        answers=[make_votes("a", "b")],
    ),
    "nobody decides in time": lambda: execute(
        make_inputs(
            make_gate(expires_after_ms=1),
            answers=[Answer(step_id="gate", decision=HumanDecision(actor=None, choice="expired"))],
        )
    ),
}
"""Runs that SCLite fails."""


def dumped(value: Any) -> bytes:
    """
    Encode as SCLite does before it hashes.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def verify_chain(files: Mapping[str, bytes]) -> dict[str, Any]:
    """
    Check digests, links and chain of a bundle as SCLite does, and give its artefacts by role.
    """
    manifest = json.loads(files["artifact_chain_manifest.json"])
    artifacts: dict[str, Any] = {}
    descriptors: dict[str, Any] = {}
    previous = ""
    for entry in manifest["entries"]:
        raw = files[entry["path"]]
        artifact = artifacts[entry["role"]] = json.loads(raw)
        assert raw == dumped(artifact)
        descriptors[entry["role"]] = {
            "artifact_type": artifact["artifact_type"],
            "schema_version": artifact["schema_version"],
            "schema_ref": artifact["schema_ref"],
            "canonicalization": "sclite-json-v0.1",
            "algorithm": "sha256",
            "digest": hashlib.sha256(raw).hexdigest(),
            "canonical_bytes": len(raw),
        }
        assert entry["descriptor"] == descriptors[entry["role"]]
        assert entry["previous_chain_digest"] == previous
        step = {
            "previous_chain_digest": previous,
            "role": entry["role"],
            "artifact_digest": entry["descriptor"]["digest"],
            "artifact_type": entry["descriptor"]["artifact_type"],
            "canonicalization": "sclite-json-v0.1",
            "algorithm": "sha256",
        }
        previous = hashlib.sha256(dumped(step)).hexdigest()
        assert entry["chain_digest"] == previous
        for link in artifact.get("links", {}).values():
            assert link["descriptor"] == descriptors[link["role"]]
    assert manifest["root_chain_digest"] == previous
    return artifacts
