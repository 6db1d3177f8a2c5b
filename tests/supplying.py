"""A supplier of bundles: runs that have every part a bundle can have, and a cheat who makes changed records fit again.

All keys come from fixed seeds, so the same bundles come out each time.
"""

import copy
import json
from typing import Any, Final

import attrs
from approving import EXPIRY_MS, sign
from makers import make_action, make_effect_answer, make_gate, make_mission, make_pack_of, make_step, sha256_of
from signers import make_key

from runtime.encoding.base64text import to_base64
from runtime.encoding.canonical import canonical, canonical_record
from runtime.encoding.jsontext import parse_json
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.envelope import sign_envelope
from runtime.evidence.log import ReceiptLog
from runtime.evidence.lognote import VerifierKey
from runtime.evidence.logproof import LogInclusion
from runtime.evidence.statement import PAYLOAD_TYPE, RECEIPT_PREDICATE, STATEMENT_TYPE, attest
from runtime.orchestration import Answer, ExecutionContext, HumanDecision, Mission, StepSpec, WorkflowDefinition
from runtime.orchestration.engine import execute
from runtime.orchestration.registry import run_mission
from runtime.orchestration.sequence import AtMost, Requires
from runtime.testing import MemoryLogStore
from runtime.values import Opening
from runtime.values.keys import PrivateKey
from runtime.values.requests import EffectAsk
from runtime.values.signatures import decision_statement

__all__ = [
    "EXPIRES_AT",
    "LOG_KEY",
    "OPERATOR",
    "ORIGIN",
    "attest_and_log",
    "make_document",
    "make_flagged_mission",
    "make_log_part",
    "make_order_mission",
    "make_plain_mission",
    "make_trust",
    "run_order",
    "seal",
    "sign_again",
    "vouch",
]

OPERATOR: Final = make_key("operator")
LOG_KEY: Final = make_key("log")
ORIGIN: Final = "log.example.org"
NONCES: Final = (f"{1:032x}", f"{2:032x}")
EXPIRES_AT: Final = "2026-05-14T20:55:00.000Z"
_STOPPED: Final = ("failed", "denied")


def make_order_mission(**changes: Any) -> Mission:
    """
    Make a mission with a verdict, a signed vote, an effect and a second signed decision; `changes` go to the vote.
    """
    vote = {
        "prompt": "Release the order?",
        "approvers": ["ada", "bob", "eve"],
        "expires_after_ms": EXPIRY_MS,
        "output": "/approval",
        "quorum": 2,
        "signed": True,
        **changes,
    }
    steps = [
        make_step("assess", "decide", policy="p", input="/order", path="/verdict"),
        make_gate("approve", **vote),
        make_action("fetch", connector="stock", action="count", output="/stock"),
        make_gate("release", prompt="Book it?", approvers=["eve"], output="/release", signed=True),
        make_step("book", "set", path="/booked", value=True),
    ]
    made = make_mission(
        *steps,
        policies=[make_pack_of("amount <= 100")],
        rules=[
            Requires(before=("human:approve",), after=("book",), why="Nothing is booked that nobody approved."),
            AtMost(count=1, what=("fetch",), why="One run counts once."),
        ],
    )
    return _named(made, "release_order", steps)


def _named(mission: Mission, name: str, steps: list[StepSpec]) -> Mission:
    definition = WorkflowDefinition(f"wf-{name.replace('_', '-')}", steps)
    return attrs.evolve(mission, name=name, build=lambda _: definition)


def make_plain_mission() -> Mission:
    """
    Make a mission with a verdict and nobody to ask.
    """
    steps = [
        make_step("assess", "decide", policy="p", input="/order", path="/verdict"),
        make_step("book", "set", path="/booked", value=True),
    ]
    rule = Requires(before=("verdict:allow",), after=("book",), why="Only what is allowed is booked.")
    return _named(make_mission(*steps, policies=[make_pack_of("amount <= 100")], rules=[rule]), "book_order", steps)


def make_flagged_mission() -> Mission:
    """
    Make a mission that asks a person only where the policy flags the order.
    """
    steps = [
        make_step("assess", "decide", policy="p", input="/order", path="/verdict"),
        make_gate("approve", when="flagged"),
        make_step("book", "set", path="/booked", value=True),
    ]
    return _named(make_mission(*steps, policies=[make_pack_of("amount <= 100")]), "flag_order", steps)


def run_order(  # noqa: PLR0913 - what may be different, one keyword each.
    mission: Mission | None = None,
    *,
    amount: int = 40,
    voters: tuple[str, ...] = ("ada", "bob"),
    signers: tuple[str, ...] = (),
    choice: str = "approve",
    outcome: str = "succeeded",
    nonces: tuple[str, str] = NONCES,
    expiries: tuple[str | None, ...] = (EXPIRES_AT, EXPIRES_AT),
    is_signed: bool = True,
    filled: Any = None,
) -> RecordedRun:
    """
    Run the mission as far as it goes, and record it. No driver looks at nonces and expiries.
    """
    chosen = mission or make_order_mission()
    context = ExecutionContext({"order": {"id": "o-1", "amount": amount}})
    result = run_mission(chosen.name, context, registry={chosen.name: chosen})
    while result.checkpoint is not None and result.pending is not None:
        request = result.pending.request
        if isinstance(request.ask, EffectAsk):
            answer = make_effect_answer(request_digest=request.digest, status=outcome)
        else:
            is_vote = request.step_id == "approve"
            opening = Opening(request_digest=request.digest, nonce=nonces[0 if is_vote else 1])
            decisions = [
                sign(
                    attrs.evolve(opening, expires_at=expires_at),
                    actor,
                    key=signer,
                    choice=choice if is_vote else "approve",
                    input=filled if is_vote else None,
                )
                for actor, signer, expires_at in (
                    zip(voters, signers or voters, expiries, strict=True) if is_vote else [("eve", "eve", None)]
                )
            ]
            if not is_signed and is_vote:
                decisions = [attrs.evolve(decision, signature=None) for decision in decisions]
            answer = Answer(request_digest=request.digest, decisions=decisions)
        result = execute(result.checkpoint.answered_by((*result.checkpoint.answers, answer)))
    return RecordedRun.of(result)


def make_log_part(
    receipt: bytes, *, others: int = 3, key: PrivateKey = LOG_KEY, origin: str = ORIGIN
) -> tuple[LogInclusion, bytes]:
    """
    Put a receipt into a log of other receipts; give its proof and the signed head.
    """
    log = ReceiptLog(MemoryLogStore())
    for number in range(others):
        log.append(canonical({"schema": "receipt/v1", "id": f"other-{number}"}))
    index = log.append(receipt)
    log.append(canonical({"schema": "receipt/v1", "id": "later"}))
    return log.prove_inclusion(index), log.sign_head(origin, key)


def make_document(run: RecordedRun | None = None) -> dict[str, Any]:
    """
    Make a bundle with every part, as a plain document.
    """
    run = run or run_order()
    inclusion, head = make_log_part(run.receipt.raw)
    bundle = Bundle.of(run, attestation=attest(run, [OPERATOR]), inclusion=inclusion, head=head)
    document: dict[str, Any] = json.loads(bundle.raw)
    return document


def make_trust(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """
    Make a trust file that allows everything a bundle rests on; `changes` are its lines.
    """
    return {
        "schema": "trust/v1",
        "operator_keys": [OPERATOR.public.pem],
        "approvers": {
            name: {"keys": [make_key(name).public.openssh], "roles": ["approver"]} for name in ("ada", "bob", "eve")
        },
        "log_keys": [str(VerifierKey.of(ORIGIN, LOG_KEY))],
        "definitions": [document["header"]["definition_digest"]],
        "policies": [sha256_of(pack) for pack in (document["policies"] or {}).values()],
        "rules": [sha256_of((document["certificate"] or {}).get("rules"))],
        "catalogues": [sha256_of((document["certificate"] or {}).get("catalogue"))],
        "engines": [document["header"]["engine"]],
        **changes,
    }


def seal(document: dict[str, Any]) -> bytes:
    """
    Give the canonical bytes of a document.
    """
    return canonical_record(document)


def vouch(document: dict[str, Any], *, key: PrivateKey = OPERATOR, log_key: PrivateKey = LOG_KEY) -> dict[str, Any]:
    """
    Do what a cheat does who holds keys: link, bind, sign and log the records of a bundle again, as they are now.
    """
    fixed = copy.deepcopy(document)
    previous = sha256_of(fixed["header"])
    answers = {answer["request_digest"]: sha256_of(answer) for answer in fixed["answers"]}
    for entry in fixed["lineage"]:
        entry["answer_digest"] = answers.get(entry["request_digest"])
        entry["previous"] = previous
        previous = sha256_of(entry)
    last = fixed["lineage"][-1]
    is_stopped = last["status"] in _STOPPED
    fixed["receipt"] |= {
        "header": fixed["header"],
        "header_digest": sha256_of(fixed["header"]),
        "lineage_count": len(fixed["lineage"]),
        "lineage_head": previous,
        "answers_digest": sha256_of(fixed["answers"]),
        "final_state_digest": last["output_digest"],
        "steps": [entry["step_id"] for entry in fixed["lineage"] if entry["status"] != "skipped"],
        "status": last["status"] if is_stopped else "completed",
        "error_code": last["error_code"],
        "failed_step_id": last["step_id"] if is_stopped else None,
    }
    return attest_and_log(fixed, key=key, log_key=log_key)


def attest_and_log(
    document: dict[str, Any], *, key: PrivateKey = OPERATOR, log_key: PrivateKey = LOG_KEY
) -> dict[str, Any]:
    """
    Sign a statement on the receipt as it stands, whatever it says, and put it into a log.
    """
    receipt = document["receipt"]
    statement = {
        "_type": STATEMENT_TYPE,
        "predicate": receipt,
        "predicateType": RECEIPT_PREDICATE,
        "subject": [
            {"digest": {"sha256": sha256_of(receipt).removeprefix("sha256:")}, "name": "receipt"},
            {"digest": {"sha256": receipt["final_state_digest"].removeprefix("sha256:")}, "name": "final_state"},
        ],
    }
    envelope = sign_envelope(PAYLOAD_TYPE, canonical(statement), [key])
    inclusion, head = make_log_part(canonical(receipt), key=log_key)
    return {
        **document,
        "attestation": parse_json(envelope.raw),
        "log_inclusion": parse_json(inclusion.raw),
        "log_head": head.decode(),
    }


def sign_again(answer: dict[str, Any], index: int, *, key: str = "", **signed: Any) -> None:
    """
    Let a decision of an answer be signed anew, as it stands now; `signed` changes nonce or expiry.
    """
    written = answer["decisions"][index]
    decision = HumanDecision(**{name: written[name] for name in ("actor", "choice", "reason", "input")})
    signer = make_key(key or written["actor"])
    written["signature"] |= signed
    fields = {name: written["signature"][name] for name in ("nonce", "expires_at")}
    message = decision_statement(decision, request_digest=answer["request_digest"], **fields)
    written["signature"] |= {"key_id": signer.public.key_id, "signature": to_base64(signer.sign(message))}
