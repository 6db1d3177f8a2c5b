"""Checks 1 to 3: the parts have their shape, stand in the one canonical form, and are those that the header names."""

from itertools import zip_longest
from typing import Final

from runtime.encoding.canonical import canonical_record
from runtime.encoding.digest import NULL_DIGEST
from runtime.evidence.checking.outcomes import Finding, Material, failed, failed_by, passed
from runtime.values.answers import Answer

__all__ = ["check_digests", "check_form", "check_shape"]

_HEADER: Final = {"params": "params_digest", "policies": "policies_digest", "certificate": "proof_digest"}
"""Optional parts of a run, and the member of its header that names each."""


def check_shape(material: Material) -> Finding:
    """
    Check 1: every part is there, nothing else is, and each has its shape.
    """
    if not material.faults:
        return passed(f"{len(material.parts)} parts, each of its shape")
    return failed_by([str(fault) for fault in material.faults])


def check_form(material: Material) -> Finding:
    """
    Check 2: the bytes are the canonical form of what they say, so that equal content has equal digests.
    """
    expected = canonical_record(material.document)
    if expected == material.raw:
        return passed(f"{len(material.raw)} bytes of canonical JSON (RFC 8785)")
    shorter = min(len(material.raw), len(expected))
    offset = next((i for i in range(shorter) if material.raw[i] != expected[i]), shorter)
    return failed(f"not canonical JSON, first at byte {offset}")


def check_digests(material: Material) -> Finding:
    """
    Check 3: header and lineage name the digests of the parts that are in the bundle.
    """
    parts = material.parts
    header, context = parts["header"], parts["context"]
    metadata = NULL_DIGEST if context.metadata is None else context.metadata.digest
    named = {
        "definition": ("definition_digest", parts["definition"].digest),
        "context": ("context_digest", context.initial_state.digest),
        "metadata": ("metadata_digest", metadata),
        **{name: (field, None if parts[name] is None else parts[name].digest) for name, field in _HEADER.items()},
    }
    wrong = [f"{name} is not what header.{field} names" for name, (field, own) in named.items() if header[field] != own]
    answered = {(answer.request_digest, answer.digest) for answer in parts["answers"]}
    asked = [entry["request_digest"] for entry in parts["lineage"] if entry["request_digest"]]
    if [request.digest for request in parts["requests"]] != asked:
        wrong.append("requests are not those that the lineage names, in its order")
    for index, entry in enumerate(parts["lineage"]):
        pair = (entry["request_digest"], entry["answer_digest"])
        if pair != (None, None) and pair not in answered:
            wrong.append(f"lineage[{index}] names an answer that is not in the bundle")
    wrong += [
        f"answers[{index}] answers a request that no step made"
        for index, answer in enumerate(parts["answers"])
        if answer.request_digest not in asked
    ]
    if not wrong and _list_settling(parts["answers"]) != [
        entry["answer_digest"] for entry in parts["lineage"] if entry["answer_digest"]
    ]:
        wrong.append("answers are not those that the lineage names, in its order")
    return failed_by(wrong) if wrong else passed("every digest is that of the part it names")


def _list_settling(answers: tuple[Answer, ...]) -> list[str]:
    """
    List the digests of the answers that settle something: an `unknown` may stand before the one to the same request.
    """
    following = [answer.request_digest for answer in answers[1:]]
    return [
        answer.digest
        for answer, after in zip_longest(answers, following)
        if not (answer.is_unknown and answer.request_digest == after)
    ]
