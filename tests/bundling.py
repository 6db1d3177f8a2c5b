"""Runs with everything a bundle can hold, trust files for them, and ways to forge a bundle without leaving a trace."""

import json
from collections.abc import Callable
from typing import Any

import attrs
from logs import KEY, ORIGIN, VERIFIER
from makers import make_action, make_gate, make_mission, make_outcome, make_pack_of, make_step, sha256_of
from signers import make_key

from runtime.encoding.canonical import canonical_record
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.log import ReceiptLog
from runtime.evidence.statement import attest
from runtime.evidence.trust import Trust
from runtime.evidence.verify import verify_bundle
from runtime.orchestration import Answer, ExecutionContext, HumanDecision, Mission, execute
from runtime.orchestration.registry import run_mission
from runtime.testing import MemoryLogStore
from runtime.values import Opening, Request
from runtime.values.signatures import sign_decision

__all__ = [
    "EXPIRES_AT",
    "MISSION",
    "OPERATOR",
    "changed",
    "failing",
    "make_bundle",
    "make_document",
    "make_ended",
    "make_foreign",
    "make_trust",
    "open_request",
    "outcomes",
    "seal",
    "sign_as",
    "write_trust",
]

OPERATOR = make_key("operator")
EXPIRES_AT = "2026-05-14T20:55:00.000Z"
VOTE = {"quorum": 2, "signed": True, "expires_after_ms": 60_000, "choices": ["approve", "reject"]}
MISSION = make_mission(
    make_step("weigh", "decide", policy="p", input="/order", path="/verdict"),
    make_gate("vote", show={"order": "order"}, output="/vote", **VOTE),
    make_gate("confirm", approvers=["grace"], signed=True),
    make_action("fetch", output="/fetched", params={"p": [1]}),
    make_step("count", "increment", path="/n"),
    policies=[make_pack_of("amount > 1")],
)
STATE = {"n": 1, "order": {"amount": 5}}

Decide = Callable[[Request], list[HumanDecision]]


def open_request(request: Request, *, nonce: str = "", expires_at: str | None = EXPIRES_AT) -> Opening:
    """
    Open a request under a nonce of its step.
    """
    is_timed = request.step_id == "vote"
    nonce = nonce or sha256_of(request.step_id)[7:39]
    return Opening(request_digest=request.digest, nonce=nonce, expires_at=expires_at if is_timed else None)


def sign_as(request: Request, actor: str, *, key: str = "", choice: str = "approve", **opening: Any) -> HumanDecision:
    """
    Sign a decision with the key of its actor, or another one's.
    """
    decision = HumanDecision(actor=actor, choice=choice, reason="looks right")
    return sign_decision(decision, open_request(request, **opening), make_key(key or actor))


def decide_well(request: Request) -> list[HumanDecision]:
    """
    Decide as everybody should.
    """
    names = ["ada", "bob"] if request.step_id == "vote" else ["grace"]
    return [sign_as(request, name) for name in names]


def make_ended(
    mission: Mission = MISSION,
    decide: Decide = decide_well,
    *,
    state: dict[str, Any] | None = None,
    outcome: str = "succeeded",
) -> RecordedRun:
    """
    Run a mission to its end; no driver checks what is decided, so it can be forged.
    """
    context = ExecutionContext(STATE if state is None else state, {"ticket": "T-1"})
    result = run_mission(mission.name, context, registry={mission.name: mission})
    while result.pending is not None:
        request = result.pending.request
        if request.ask.KIND == "human":
            answer = Answer(request_digest=request.digest, decisions=decide(request))
        else:
            answer = Answer(request_digest=request.digest, outcome=make_outcome(outcome))
        result = execute(attrs.evolve(result.inputs, answers=(*result.inputs.answers, answer)))
    return RecordedRun.of(result)


def make_bundle(run: RecordedRun | None = None) -> Bundle:
    """
    Bundle a run with an attestation, and with its place in a log of three.
    """
    run = make_ended() if run is None else run
    log = ReceiptLog(MemoryLogStore())
    for other in range(2):
        log.append(canonical_record({"schema": "receipt/v1", "id": f"run-{other}"}))
    index = log.append(run.receipt.raw)
    return Bundle.of(
        run,
        attestation=attest(run, [OPERATOR]),
        inclusion=log.prove_inclusion(index),
        head=log.sign_head(ORIGIN, KEY),
    )


def make_document(bundle: Bundle | None = None) -> dict[str, Any]:
    """
    Give the plain document of a bundle.
    """
    document: dict[str, Any] = json.loads((bundle or make_bundle()).raw)
    return document


def write_trust(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """
    Write a trust file for everybody and everything of a bundle; a line that is changed to None is left out.
    """
    lines: dict[str, Any] = {
        "schema": "trust/v1",
        "operator_keys": [OPERATOR.public.pem],
        "approvers": {
            name: {"keys": [make_key(name).public.openssh], "roles": ["change-manager"]}
            for name in ("ada", "bob", "grace")
        },
        "log_keys": [str(VERIFIER)],
        "definitions": [document["header"]["definition_digest"]],
        "policies": [sha256_of(pack) for pack in (document["policies"] or {}).values()],
        "rules": [document["certificate"]["rules_digest"]] if document["certificate"] else [],
        "catalogues": [document["certificate"]["catalogue_digest"]] if document["certificate"] else [],
        "engines": [document["header"]["engine"]],
        **changes,
    }
    return {name: line for name, line in lines.items() if line is not None}


def make_trust(document: dict[str, Any] | None = None, **changes: Any) -> Trust:
    """
    Read what `write_trust` gives.
    """
    document = make_document() if document is None else document
    return Trust.from_bytes(json.dumps(write_trust(document, **changes)).encode())


def outcomes(raw: bytes, trust: Trust | None = None) -> dict[str, str]:
    """
    Give the outcome of each check by its number.
    """
    return {one.check.number: one.finding.outcome.value for one in verify_bundle(raw, trust=trust).results}


def failing(raw: bytes, trust: Trust | None = None) -> list[str]:
    """
    List the checks that fail.
    """
    return [number for number, outcome in outcomes(raw, trust).items() if outcome == "FAILED"]


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> bytes:
    """
    Give the canonical bytes of a document after a change of it.
    """
    change(document)
    return canonical_record(document)


def make_foreign() -> dict[str, Any]:
    """
    Make the bundle of a run that only another version of the execution rules can execute: here only digests tell.
    """
    mission = make_mission(
        make_step("a", "set", path="/a", value=1),
        make_step("b", "set", path="/b", value=2),
        make_step("c", when="flagged"),
    )
    document = make_document(Bundle.of(make_ended(mission, state={})))
    document["header"]["engine"] = "99.0"
    seal(document)
    return document


def seal(document: dict[str, Any], *, from_entry: int = 0) -> None:
    """
    Make the digests of a forged bundle anew, as whoever forges it would: header, chain and receipt.
    """
    header, lineage, receipt = document["header"], document["lineage"], document["receipt"]
    header["proof_digest"] = sha256_of(document["certificate"]) if document["certificate"] else None
    previous = sha256_of(header)
    for index, entry in enumerate(lineage):
        if index >= from_entry:
            entry["previous"] = previous
        previous = sha256_of(entry)
    receipt |= {"header": header, "header_digest": sha256_of(header), "lineage_head": previous}
    receipt |= {"lineage_count": len(lineage)}
