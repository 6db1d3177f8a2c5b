"""Checks 1 to 3: shape, canonical form, digests of parts."""

from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from bundling import changed, failing, make_bundle, make_document, make_foreign, outcomes, seal
from makers import sha256_of

from runtime.evidence.mission_verify import check_bundle
from runtime.evidence.verify import verify_bundle
from runtime.limits import MAX_FAULTS

Edit = Callable[[dict[str, Any]], object]
BUNDLE = make_bundle()


def detail(raw: bytes, number: str) -> str:
    """
    Give what a check says.
    """
    return next(one.finding.detail for one in verify_bundle(raw).results if one.check.number == number)


class TestShape:
    """
    Check 1 looks at each part by itself.
    """

    def test_one_member_too_many_fails_it_alone(self) -> None:
        """
        Everything else still stands.
        """
        raw = changed(make_document(BUNDLE), lambda it: it.update(note=""))
        assert failing(raw) == ["1"]
        assert detail(raw, "1") == "unknown member @ note"

    @pytest.mark.parametrize("hidden", [0, 1])
    def test_many_faults_are_cut(self, hidden: int) -> None:
        """
        The rest is counted.
        """
        more = {f"m{index:02}": 0 for index in range(MAX_FAULTS)}
        raw = changed(make_document(BUNDLE), lambda it: it.update(more, **({"params": []} if hidden else {})))
        assert detail(raw, "1").count("unknown member") == MAX_FAULTS
        assert detail(raw, "1").endswith("; and 1 more") == bool(hidden)

    def test_members_without_end_are_counted(self) -> None:
        """
        A fault for each would take longer than all the rest.
        """
        more = {f"m{index:02}": 0 for index in range(MAX_FAULTS + 1)}
        raw = changed(make_document(BUNDLE), lambda it: it.update(more))
        assert detail(raw, "1") == f"{MAX_FAULTS + 1} unknown members @ m00"
        assert check_bundle(raw).findings["1"].detail == f"{MAX_FAULTS + 1} members are not known"

    def test_what_needs_a_damaged_part_says_so(self) -> None:
        """
        It neither passes nor fails, and the others go on.
        """
        raw = changed(make_document(BUNDLE), lambda it: it.update(answers={}))
        found = outcomes(raw)
        assert failing(raw) == ["1"]
        assert [number for number, outcome in found.items() if outcome == "re-checked"] == ["2", "4", "8"]
        assert detail(raw, "3") == "answers cannot be read, see check 1"


class TestForm:
    """
    Check 2 looks at the bytes.
    """

    @pytest.mark.parametrize(
        ("raw", "offset"),
        [
            (BUNDLE.raw + b"\n", len(BUNDLE.raw)),
            (b" " + BUNDLE.raw, 0),
            (BUNDLE.raw.replace(b'"mode":"observe"', b'"mode":"observ\\u0065"', 1), BUNDLE.raw.index(b'rve"') + 2),
        ],
        ids=["a line more", "a space before", "an escape"],
    )
    def test_another_spelling_fails_it_alone(self, raw: bytes, offset: int) -> None:
        """
        What it says is the same, so everything else holds.
        """
        assert failing(raw) == ["2"]
        assert detail(raw, "2") == f"not canonical JSON, first at byte {offset}"


def _forge(change: Edit) -> bytes:
    document = make_foreign()
    change(document)
    seal(document)
    return rfc8785.dumps(document)


DIGESTS: dict[str, tuple[Edit, str]] = {
    "another definition": (
        lambda it: it["header"].update(definition_digest=sha256_of(1)),
        "definition is not what header.definition_digest names",
    ),
    "another metadata": (
        lambda it: it["context"].update(metadata=None),
        "metadata is not what header.metadata_digest names",
    ),
    "no metadata named": (
        lambda it: it["header"].update(metadata_digest=sha256_of(None)),
        "metadata is not what header.metadata_digest names",
    ),
    "another params": (lambda it: it.update(params={"x": 1}), "params is not what header.params_digest names"),
    "no params": (lambda it: it.update(params=None), "params is not what header.params_digest names"),
    "policies that are not named": (
        lambda it: it.update(policies={}),
        "policies is not what header.policies_digest names",
    ),
}


class TestDigests:
    """
    Check 3 holds header and lineage against the parts, without executing anything.
    """

    @pytest.mark.parametrize("case", DIGESTS)
    def test_a_part_that_the_header_does_not_name_fails_it_alone(self, case: str) -> None:
        """
        Where the forger made everything else fit, and nobody here can execute the run.
        """
        change, words = DIGESTS[case]
        raw = _forge(change)
        # Without its packs a certificate cannot be computed again either.
        assert failing(raw) == (["3", "8"] if case.startswith("policies") else ["3"])
        assert detail(raw, "3") == words

    def test_a_context_that_the_header_does_not_name(self) -> None:
        """
        The state the run starts from is part of it.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["context"]["initial_state"].update(n=2))
        assert {"3", "10"} <= {*failing(raw)}
        assert detail(raw, "3") == "context is not what header.context_digest names"

    def test_a_certificate_that_the_header_does_not_name(self) -> None:
        """
        Nor one that is missing.
        """
        raw = changed(make_document(BUNDLE), lambda it: it.update(certificate=None))
        assert detail(raw, "3") == "certificate is not what header.proof_digest names"

    def test_an_answer_that_no_step_asked_for(self) -> None:
        """
        And the entry that now names none.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["answers"][2].update(request_digest=sha256_of(1)))
        said = detail(raw, "3")
        assert "lineage[3] names an answer that is not in the bundle" in said
        assert "answers[2] answers a request that no step made" in said

    def test_an_answer_that_was_exchanged(self) -> None:
        """
        It answers the same request, and is not what the lineage holds.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["answers"][1]["decisions"][0].update(reason="so be it"))
        assert detail(raw, "3") == "lineage[2] names an answer that is not in the bundle"

    @pytest.mark.parametrize(
        "change", [list.reverse, list.pop, lambda it: it.append(it[0])], ids=["turned", "cut", "twice"]
    )
    def test_requests_that_the_lineage_does_not_name(self, change: Callable[[Any], object]) -> None:
        """
        In its order, each once.
        """
        raw = changed(make_document(BUNDLE), lambda it: change(it["requests"]))
        assert "requests are not those that the lineage names, in its order" in detail(raw, "3")
