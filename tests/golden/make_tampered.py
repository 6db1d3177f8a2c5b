"""Write the vectors of `tampered/`: bundles that somebody changed, each named by its defect, and what must find it.

Run by `make golden`. `index.json` states for each vector which checks must fail; every other one must not. Keys are made
from fixed seeds and stand in no file. `test_tampered.py` holds both verifiers to the index.
"""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs
from makers import make_pack_of, sha256_of
from signers import make_key
from supplying import (
    EXPIRES_AT,
    OPERATOR,
    ORIGIN,
    attest_and_log,
    make_document,
    make_flagged_mission,
    make_log_part,
    make_order_mission,
    make_plain_mission,
    make_trust,
    run_order,
    seal,
    sign_again,
    vouch,
)

from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import frozen_object
from runtime.encoding.jsontext import parse_json
from runtime.evidence.lognote import VerifierKey
from runtime.orchestration import WorkflowDefinition
from runtime.orchestration.preflight import prove

HERE: Final = Path(__file__).parent
SAMPLES: Final = HERE.parents[1] / "docs" / "examples" / "bundles"
MALLORY: Final = make_key("mallory")
OTHER_DIGEST: Final = "sha256:" + "0" * 64

Document = dict[str, Any]
Change = Callable[[Document], Any]


@attrs.frozen
class Vector:
    """
    A bundle, the trust file it is held against, the checks that must fail, and what was done to it.
    """

    raw: bytes
    failed: tuple[str, ...]
    defect: str
    trust: str = "trust.json"


GOOD: Final = make_document()
OPEN: Final = make_document(run_order(make_order_mission(approvers=[]), voters=("ada", "grace")))
PLAIN: Final = make_document(run_order(make_plain_mission()))
FLAGGED: Final = make_document(run_order(make_flagged_mission()))
OTHER: Final = make_document(run_order(amount=41))
FAILED: Final = make_document(run_order(outcome="failed"))
DENIED: Final = make_document(run_order(choice="reject"))
WEAK: Final = make_document(run_order(attrs.evolve(make_plain_mission(), policies=[make_pack_of("amount <= 1000")])))


def changed(change: Change, *, of: Document = GOOD) -> Document:
    """
    Change a copy of a bundle.
    """
    document = copy.deepcopy(of)
    change(document)
    return document


def _put(*path: str | int, value: Any) -> Change:
    def change(document: Document) -> None:
        part: Any = document
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value

    return change


def _take(*path: str | int) -> Change:
    def change(document: Document) -> None:
        part: Any = document
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]

    return change


def other_outcome(document: Document, **fields: Any) -> Document:
    """
    Give the answer of the effect with another outcome.
    """
    answer: Document = document["answers"][1]
    return answer | {"outcome": answer["outcome"] | fields}


def list_shape() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of checks 1 and 2.
    """
    for name, failed, defect, document in (
        ("unknown_member", "1", "a member that no bundle has", changed(_put("note", value="trust me"))),
        ("part_left_out", "1", "the audit log is not even null", changed(_take("audit_log"))),
        ("lineage_left_out", "1", "there is no lineage", changed(_take("lineage"))),
        ("count_as_text", "1", "the receipt counts in words", changed(_put("receipt", "lineage_count", value="5"))),
        ("proof_without_head", "1", "a proof of inclusion in no head", changed(_put("log_head", value=None))),
        (
            "answer_in_advance",
            "1",
            "an answer names a step, and so no request",
            changed(lambda one: one["answers"][0].update(request_digest=None, step_id="approve")),
        ),
    ):
        yield name, Vector(seal(document), (failed,), defect)
    reordered = dict(reversed(GOOD.items()))
    yield (
        "keys_in_another_order",
        Vector(
            json.dumps(reordered, ensure_ascii=False, separators=(",", ":")).encode(), ("2",), "members are not sorted"
        ),
    )
    yield (
        "spaces_between",
        Vector(
            json.dumps(GOOD, ensure_ascii=False, sort_keys=True, indent=1).encode(), ("2",), "people can read it better"
        ),
    )
    yield (
        "number_spelled_otherwise",
        Vector(seal(GOOD).replace(b'"amount":40,', b'"amount":40.0,'), ("2",), "40.0 for 40"),
    )


def list_binding() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of checks 3 to 5.
    """
    swapped = changed(lambda one: one["lineage"].reverse())

    for name, failed, defect, document in (
        ("params_exchanged", "3 10", "other params", changed(_put("params", value={"a": 1}))),
        (
            "context_exchanged",
            "3 9 10",
            "another amount",
            changed(_put("context", "initial_state", "order", "amount", value=41)),
        ),
        ("metadata_exchanged", "3 10", "other metadata", changed(_put("context", "metadata", value={"a": 1}))),
        (
            "policy_exchanged",
            "3 8 10 12",
            "a pack that allows more",
            changed(_put("policies", value=WEAK["policies"])),
        ),
        ("answer_left_out", "3 5 7a 10", "the last decision is gone", changed(_take("answers", 2))),
        (
            "outcome_nobody_used",
            "3 10",
            "a second outcome of an effect, before the one the run went on with",
            vouch(changed(lambda one: one["answers"].insert(1, other_outcome(one, output="another")))),
        ),
        (
            "outcome_stands_twice",
            "3 10",
            "the outcome of an effect twice",
            vouch(changed(lambda one: one["answers"].insert(1, one["answers"][1]))),
        ),
        ("entry_dropped", "3 4 5 7a 10", "a step that never was", changed(_take("lineage", 2))),
        (
            "entry_dropped_and_vouched_for",
            "3 4 7a 10",
            "the same, linked and signed again",
            vouch(changed(_take("lineage", 2))),
        ),
        (
            "last_entry_dropped",
            "4 10",
            "the last step never was, linked and signed again",
            vouch(changed(_take("lineage", 4))),
        ),
        ("entries_swapped", "3 4 5 7a 10", "the steps in another order", swapped),
        ("entries_swapped_and_vouched_for", "3 4 7a 10", "the same, linked and signed again", vouch(swapped)),
        (
            "entry_of_another_run",
            "4 5 10",
            "an entry of a run on another amount",
            changed(_put("lineage", 4, value=OTHER["lineage"][4])),
        ),
        (
            "state_jumps",
            "4 10",
            "a step goes on from another state",
            vouch(changed(_put("lineage", 4, "input_digest", value=OTHER_DIGEST))),
        ),
        (
            "receipt_of_another_run",
            "5 10",
            "receipt, attestation and proof of a run on another amount",
            GOOD | {name: OTHER[name] for name in ("receipt", "attestation", "log_inclusion", "log_head")},
        ),
        (
            "failure_shown_as_success",
            "5 10",
            "a failed run whose receipt says completed, attested and logged",
            attest_and_log(
                changed(
                    lambda one: one["receipt"].update(status="completed", failed_step_id=None, error_code=None),
                    of=FAILED,
                )
            ),
        ),
        (
            "denial_shown_as_success",
            "5 10",
            "a denied run whose receipt says completed, attested and logged",
            attest_and_log(
                changed(
                    lambda one: one["receipt"].update(status="completed", failed_step_id=None, error_code=None),
                    of=DENIED,
                )
            ),
        ),
        (
            "receipt_changed_alone",
            "5 6 10 11",
            "another final state",
            changed(_put("receipt", "final_state_digest", value=OTHER_DIGEST)),
        ),
    ):
        yield name, Vector(seal(document), tuple(failed.split()), defect)


def list_vouching() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of checks 6 and 11.
    """
    by_mallory = attest_and_log(GOOD, key=MALLORY)["attestation"]
    borrowed = changed(_put("signatures", 0, "keyid", value=OPERATOR.public.key_id), of=by_mallory)
    good_proof, _ = make_log_part(canonical(GOOD["receipt"]))
    other_proof, _ = make_log_part(canonical(OTHER["receipt"]), others=1)
    _, forged = make_log_part(canonical(GOOD["receipt"]), key=MALLORY)
    _, elsewhere = make_log_part(canonical(GOOD["receipt"]), origin="elsewhere.example.org")
    _, longer = make_log_part(canonical(GOOD["receipt"]), others=4)
    proof = parse_json(good_proof.raw)
    for name, failed, defect, document in (
        ("attested_by_another_key", "6", "by a key that nobody trusts", GOOD | {"attestation": by_mallory}),
        (
            "attested_under_a_borrowed_name",
            "6",
            "by another key, under the id of the operator's",
            GOOD | {"attestation": borrowed},
        ),
        (
            "attestation_of_another_run",
            "6",
            "on the receipt of another run",
            GOOD | {"attestation": OTHER["attestation"]},
        ),
        (
            "attestation_of_another_type",
            "6",
            "another payload type",
            changed(_put("attestation", "payloadType", value="text/plain")),
        ),
        (
            "attested_bytes_changed",
            "6",
            "another payload under the old signature",
            changed(_put("attestation", "payload", value=OTHER["attestation"]["payload"])),
        ),
        ("log_head_forged", "11", "signed by another key under the log's name", GOOD | {"log_head": forged.decode()}),
        ("log_head_of_another_log", "11", "of a log with another name", GOOD | {"log_head": elsewhere.decode()}),
        ("log_head_of_another_size", "11", "of a log with one receipt more", GOOD | {"log_head": longer.decode()}),
        (
            "log_head_changed",
            "11",
            "another size under the old signature",
            GOOD | {"log_head": GOOD["log_head"].replace("\n5\n", "\n6\n"), "log_inclusion": proof | {"size": 6}},
        ),
        (
            "proof_of_another_leaf",
            "11",
            "of the receipt of another run",
            GOOD | {"log_inclusion": parse_json(other_proof.raw)},
        ),
        ("proof_at_another_index", "11", "of the neighbour's place", GOOD | {"log_inclusion": proof | {"index": 2}}),
        (
            "proof_too_short",
            "11",
            "the last hash is missing",
            GOOD | {"log_inclusion": proof | {"proof": proof["proof"][:-1]}},
        ),
        (
            "proof_too_long",
            "11",
            "a hash too many",
            GOOD | {"log_inclusion": proof | {"proof": [*proof["proof"], OTHER_DIGEST]}},
        ),
    ):
        yield name, Vector(seal(document), tuple(failed.split()), defect)


def list_deciding() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of check 7.
    """

    def signed(index: int, *, answer: int = 0, key: str = "", **fields: Any) -> Change:
        return lambda one: sign_again(one["answers"][answer], index, key=key, **fields)

    def replayed(document: Document) -> None:
        document["answers"][2]["decisions"] = OTHER["answers"][2]["decisions"]

    nobody = {"actor": None, "choice": "expired", "input": None, "reason": "", "signature": None}
    nonces = (f"{1:032x}", f"{1:032x}")
    for name, failed, defect, document in (
        ("decision_by_no_trusted_approver", "7a", "by grace, whom the trust file does not name", OPEN),
        (
            "decision_by_another_key",
            "7a",
            "signed by a key that is not bob's",
            make_document(run_order(signers=("ada", "mallory"))),
        ),
        (
            "two_votes_by_one_person",
            "7a",
            "ada signed for bob as well",
            make_document(run_order(signers=("ada", "ada"))),
        ),
        ("decision_of_another_run", "7a", "signed for a run on another amount", vouch(changed(replayed))),
        (
            "signature_byte_changed",
            "7a",
            "a signature of nobody",
            vouch(changed(_put("answers", 2, "decisions", 0, "signature", "signature", value="A" * 86 + "=="))),
        ),
        (
            "actor_exchanged",
            "7a 10",
            "eve's name on what bob signed",
            vouch(changed(_put("answers", 0, "decisions", 1, "actor", value="eve"))),
        ),
        (
            "reason_exchanged",
            "7a 10",
            "another reason than the one that was signed",
            vouch(changed(_put("answers", 0, "decisions", 1, "reason", value="as you like"))),
        ),
        (
            "decision_by_no_approver_of_the_step",
            "7a 10",
            "by ada, and the step asks eve",
            vouch(
                changed(
                    signed(0, answer=2),
                    of=changed(_put("answers", 2, "decisions", 0, "actor", value="ada")),
                )
            ),
        ),
        (
            "signature_left_out",
            "7a 10",
            "a decision nobody signed",
            vouch(changed(_put("answers", 2, "decisions", 0, "signature", value=None))),
        ),
        (
            "expired_without_a_limit",
            "7a 10",
            "nobody decided in time, and the step sets none",
            vouch(changed(_put("answers", 2, "decisions", value=[nobody]))),
        ),
        (
            "expiry_left_out",
            "7b",
            "signed without the time limit of the step",
            make_document(run_order(expiries=(None, None))),
        ),
        (
            "expiries_differ",
            "7b",
            "bob signed under a later expiry than ada",
            make_document(run_order(expiries=(EXPIRES_AT, "2027-01-01T00:00:00.000Z"))),
        ),
        ("nonce_used_twice", "7c", "one nonce for two requests", make_document(run_order(nonces=nonces))),
    ):
        yield name, Vector(seal(document), tuple(failed.split()), defect)


def list_passing() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of check 7a in which nobody decided, or decided otherwise than the run went on.
    """

    def unasked(document: Document) -> None:
        document["lineage"][3]["request_digest"] = None
        del document["answers"][2], document["requests"][2]

    def skipped(document: Document) -> None:
        unasked(document)
        document["lineage"][3] |= {"status": "skipped", "output_digest": document["lineage"][3]["input_digest"]}
        document["lineage"][4]["input_digest"] = document["lineage"][3]["output_digest"]

    def answered_by_outcome(document: Document) -> None:
        outcome = document["answers"][1]["outcome"]
        document["answers"][2] |= {"decisions": [], "outcome": outcome}

    def asked_of_a_connector(document: Document) -> None:
        document["requests"][2]["ask"] = document["requests"][1]["ask"]
        digest = sha256_of(document["requests"][2])
        document["lineage"][3]["request_digest"] = document["answers"][2]["request_digest"] = digest
        answered_by_outcome(document)

    def turned(document: Document) -> None:
        document["answers"][2]["decisions"][0]["choice"] = "reject"
        sign_again(document["answers"][2], 0)

    def stopped(document: Document) -> None:
        entry = document["lineage"][3]
        entry |= {"status": "denied", "error_code": "gate_rejected", "output_digest": entry["input_digest"]}
        del document["lineage"][4]

    def stopped_by_nobody(document: Document) -> None:
        unasked(document)
        stopped(document)

    for name, failed, defect, document in (
        ("gate_passed_unasked", "7a 10", "a step that asks eve is done, and nobody asked her", vouch(changed(unasked))),
        (
            "gate_passed_by_an_outcome",
            "7a 10",
            "a step that asks eve is answered by the outcome of an effect",
            vouch(changed(answered_by_outcome)),
        ),
        (
            "gate_asked_of_a_connector",
            "7a 10",
            "what eve is to decide is said to have been asked of a connector",
            vouch(changed(asked_of_a_connector)),
        ),
        (
            "gate_denied_by_nobody",
            "7a 10",
            "a step that asks eve denied the run, and nobody asked her",
            vouch(changed(stopped_by_nobody)),
        ),
        ("rejection_shown_as_approval", "7a 10", "eve rejected, and the run went on", vouch(changed(turned))),
        ("approval_shown_as_rejection", "7a 10", "eve approved, and the run is denied", vouch(changed(stopped))),
        ("gate_skipped", "7a 10", "a step that asks eve is said to have been skipped", vouch(changed(skipped))),
    ):
        yield name, Vector(seal(document), tuple(failed.split()), defect)


def list_executing() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of checks 8 to 10.
    """

    def certified(certificate: Document) -> Document:
        # Nobody decides in this run, so nothing but the header rests on its certificate.
        header = PLAIN["header"] | {"proof_digest": sha256_of(certificate)}
        return vouch(PLAIN | {"certificate": certificate, "header": header})

    certificate = PLAIN["certificate"]
    for name, failed, defect, document in (
        (
            "certificate_rule_removed",
            "8 10",
            "a rule is gone, with digests that fit up the chain",
            certified(certificate | {"rules": certificate["rules"][1:]}),
        ),
        (
            "certificate_counts_fewer_paths",
            "8 10",
            "paths were left out, with digests that fit up the chain",
            certified(certificate | {"path_count": 1}),
        ),
        (
            "certificate_of_another_workflow",
            "8 10",
            "of a workflow with other steps, with digests that fit up the chain",
            certified(GOOD["certificate"]),
        ),
        (
            "verdict_swapped",
            "9 10",
            "another verdict, with digests that fit up the chain",
            vouch(changed(_put("lineage", 0, "verdict_digest", value=OTHER_DIGEST), of=PLAIN)),
        ),
        (
            "verdict_left_out",
            "9 10",
            "no verdict, with digests that fit up the chain",
            vouch(changed(_put("lineage", 0, "verdict_digest", value=None), of=PLAIN)),
        ),
        (
            "outcome_swapped",
            "10",
            "another final state, with digests that fit up the chain",
            vouch(changed(_put("lineage", 4, "output_digest", value=OTHER_DIGEST))),
        ),
        (
            "operation_swapped",
            "10",
            "the last step is said to have done nothing",
            vouch(changed(_put("lineage", 4, "operation", value="noop"))),
        ),
    ):
        yield name, Vector(seal(document), tuple(failed.split()), defect)


TRUSTS: Final[dict[str, Document]] = {
    "trust.json": make_trust(
        GOOD,
        definitions=sorted({one["header"]["definition_digest"] for one in (GOOD, OPEN, PLAIN, FLAGGED)}),
        rules=sorted({one["certificate"]["rules_digest"] for one in (GOOD, PLAIN, FLAGGED)}),
        catalogues=sorted({sha256_of(one["certificate"]["catalogue"]) for one in (GOOD, PLAIN, FLAGGED)}),
    ),
    "trust.definition.json": make_trust(GOOD, definitions=[OTHER_DIGEST]),
    "trust.policy.json": make_trust(GOOD, policies=[OTHER_DIGEST]),
    "trust.catalogue.json": make_trust(GOOD, catalogues=[OTHER_DIGEST]),
    "trust.rules.plain.json": make_trust(PLAIN),
    "trust.rules.json": make_trust(GOOD, rules=[OTHER_DIGEST]),
    "trust.engine.json": make_trust(GOOD, engines=["2.0"]),
    "trust.keys.json": make_trust(
        GOOD,
        operator_keys=[MALLORY.public.pem],
        log_keys=[str(VerifierKey.of(ORIGIN, MALLORY))],
        approvers={name: {"keys": [make_key(f"other {name}").public.openssh]} for name in ("ada", "bob", "eve")},
    ),
}
"""The trust files, by name."""


def list_trusting() -> Iterator[tuple[str, Vector]]:
    """
    Give vectors of check 12, and of a checker who trusts others.
    """
    for line in ("definition", "policy", "rules", "catalogue", "engine"):
        yield (
            f"another_{line}",
            Vector(seal(GOOD), ("12",), f"a {line} that the trust file does not name", f"trust.{line}.json"),
        )
    unruled = prove(
        WorkflowDefinition.from_dict(PLAIN["definition"]),
        policies=frozen_object(PLAIN["policies"]),
        catalogue=frozen_object(PLAIN["certificate"]["catalogue"]),
    ).thaw()
    held_to_nothing = {"certificate": unruled, "header": PLAIN["header"] | {"proof_digest": sha256_of(unruled)}}
    yield (
        "certificate_of_no_rules",
        Vector(
            seal(vouch(PLAIN | held_to_nothing)),
            ("12",),
            "proven without the rules of its mission",
            "trust.rules.plain.json",
        ),
    )
    bare = {"certificate": None, "header": PLAIN["header"] | {"proof_digest": None, "mission": None}}
    yield (
        "certificate_left_out",
        Vector(seal(vouch(PLAIN | bare)), ("12",), "as if it were no mission's, so that no rule was proven"),
    )
    without = {"policies": None, "header": PLAIN["header"] | {"policies_digest": None}}
    yield (
        "policies_left_out",
        Vector(seal(vouch(PLAIN | without)), ("8", "10", "12"), "nothing that a verdict rests on"),
    )
    yield "policy_weakened", Vector(seal(WEAK), ("12",), "an honest run under a pack that allows more")
    yield (
        "other_people_trusted",
        Vector(seal(GOOD), ("6", "7a", "11"), "none of the keys is trusted", "trust.keys.json"),
    )


def list_good() -> Iterator[tuple[str, Vector]]:
    """
    Give bundles that nobody changed.
    """
    yield "nothing_changed", Vector(seal(GOOD), (), "nothing")
    yield "nothing_changed_failed_run", Vector(seal(FAILED), (), "nothing; the run failed")
    yield "nothing_changed_denied_run", Vector(seal(DENIED), (), "nothing; the run was denied")
    yield (
        "nothing_changed_gate_skipped",
        Vector(seal(FLAGGED), (), "nothing; the policy flagged nothing, so nobody was asked"),
    )
    unknown = {"status": "unknown", "code": "interrupted", "output": None}
    settled_late = vouch(changed(lambda one: one["answers"].insert(1, other_outcome(one, **unknown))))
    yield "nothing_changed_settled_late", Vector(seal(settled_late), (), "nothing; an effect was unknown at first")
    yield "nothing_changed_nobody_asked", Vector(seal(PLAIN), (), "nothing; the run asks nobody")


def tampered_files() -> Iterator[tuple[str, bytes]]:
    """
    Give each file's name and bytes.
    """
    index = {}
    for listed in (
        list_good,
        list_shape,
        list_binding,
        list_vouching,
        list_deciding,
        list_passing,
        list_executing,
        list_trusting,
    ):
        for name, vector in listed():
            index[name] = {"defect": vector.defect, "failed": list(vector.failed), "trust": vector.trust}
            yield f"{name}.json", vector.raw
    for name, trust in TRUSTS.items():
        yield name, f"{json.dumps(trust, indent=2, sort_keys=True)}\n".encode()
    yield "index.json", f"{json.dumps(index, indent=2, sort_keys=True)}\n".encode()


def sample_files() -> Iterator[tuple[str, bytes]]:
    """
    Give the bundles, and the trust file, that the documents use.
    """
    files = dict(tampered_files())
    yield "good.json", files["nothing_changed.json"]
    yield "tampered.json", files["decision_by_another_key.json"]
    yield "trust.json", files["trust.json"]


def main() -> None:
    """
    Write them all.
    """
    SAMPLES.mkdir(exist_ok=True)
    for name, raw in sample_files():
        (SAMPLES / name).write_bytes(raw)
    shutil.rmtree(HERE / "tampered", ignore_errors=True)
    (HERE / "tampered").mkdir()
    for name, raw in tampered_files():
        (HERE / "tampered" / name).write_bytes(raw)
        print(f"tampered/{name}")


if __name__ == "__main__":
    main()
