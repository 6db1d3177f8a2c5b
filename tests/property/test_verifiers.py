"""Two verifiers that share no code, held to the same outcomes on bundles that chance changed."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import pytest
from isolated import verify_apart
from mutations import mutate
from supplying import (
    make_document,
    make_order_mission,
    make_plain_mission,
    make_trust,
    run_order,
    seal,
    sign_again,
    vouch,
)
from verifying import BY_ENGINE, outcomes_here, verify_here

from runtime.errors import DefinitionError, IntegrityError

GOOD: Final = make_document()
DOCUMENTS: Final = (
    GOOD,
    make_document(run_order(outcome="failed")),
    make_document(run_order(choice="reject")),
    make_document(run_order(make_plain_mission())),
    make_document(run_order(make_order_mission(show={"amount": "order.amount"}, not_by="/order/id", approvers=[]))),
    make_document(
        run_order(
            make_order_mission(signed=False, expires_after_ms=None, quorum=1),
            voters=("bob",),
            expiries=(None,),
            is_signed=False,
        )
    ),
)
TRUST: Final = make_trust(GOOD, definitions=[document["header"]["definition_digest"] for document in DOCUMENTS])
PARTIAL: Final = (
    {"schema": "trust/v1", "engines": ["1.0"]},
    {name: TRUST[name] for name in ("schema", "approvers", "log_keys")},
    {name: TRUST[name] for name in ("schema", "operator_keys", "policies")},
)


def _list_texts(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    parts = [value]
    while parts:
        part = parts.pop()
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(inner, dict | list):
                parts.append(inner)
            else:
                found.append((part, key))
    return found


def _shuffle(rng: Random, document: dict[str, Any]) -> dict[str, Any]:
    """
    Change a bundle as somebody would who knows what it is: values that stand elsewhere in it, and records of other runs.
    """
    changed = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 2])):
        match rng.randrange(6):
            case 0:
                name = rng.choice(sorted(changed))
                changed[name] = copy.deepcopy(rng.choice(DOCUMENTS)[name])
            case 1:
                _reorder(rng, changed[rng.choice(["lineage", "answers", "requests"])])
            case 2:
                part, key = rng.choice(_list_texts(changed["lineage"]))
                part[key] = rng.choice(["completed", "failed", "denied", "skipped", None, "sha256:" + "0" * 64])
            case 3:
                _decide_again(rng, changed["answers"])
            case _:
                part, key = rng.choice(_list_texts(changed))
                other, place = rng.choice(_list_texts(rng.choice(DOCUMENTS)))
                part[key] = other[place]
    return changed


def _reorder(rng: Random, records: Any) -> None:
    if type(records) is list and records:
        match rng.randrange(3):
            case 0:
                records.reverse()
            case 1:
                records.pop()
            case _:
                records.append(records[0])


def _decide_again(rng: Random, answers: Any) -> None:
    signed = [
        (answer, index)
        for answer in (answers if type(answers) is list else [])
        if type(answer) is dict and type(answer.get("decisions")) is list
        for index, decision in enumerate(answer["decisions"])
        if type(decision) is dict and type(decision.get("signature")) is dict
    ]
    if signed:
        answer, index = rng.choice(signed)
        changes = {"nonce": "f" * 32, "expires_at": "2027-01-01T00:00:00.000Z"}
        sign_again(answer, index, **dict([rng.choice(sorted(changes.items()))]), key=rng.choice(["", "", "mallory"]))


def _draw(rng: Random) -> tuple[bytes, bytes | None]:
    document: Any = rng.choice(DOCUMENTS)
    if rng.random() < 0.4:
        changed = mutate(rng, document, plain=True)
    else:
        try:
            changed = _shuffle(rng, document)
        except (AttributeError, KeyError, TypeError, DefinitionError):
            changed = document  # A second change found no record where the first one had put something else.
        if rng.random() < 0.5:
            try:
                changed = vouch(changed)
            except (AttributeError, IndexError, KeyError, TypeError, DefinitionError, IntegrityError):
                changed = copy.deepcopy(document)  # Nothing that could be linked again was left.
    try:
        raw = seal(changed)
    except IntegrityError:
        raw = json.dumps(changed).encode()
    if rng.random() < 0.02:
        raw = raw.replace(b":", b": ", 1)
    trust: Any = rng.choice([None, TRUST, TRUST, TRUST, *PARTIAL])
    if trust is not None and rng.random() < 0.1:
        trust = mutate(rng, trust, plain=True)
    return raw, None if trust is None else json.dumps(trust).encode()


def _list_disagreements(cases: list[tuple[bytes, bytes | None]]) -> Iterator[str]:
    for index, (case, apart) in enumerate(zip(cases, verify_apart(cases), strict=True)):
        here = verify_here(*case)
        if here is None or type(apart) is str:
            if here is not None or type(apart) is not str:
                yield f"case {index}: the package {'refuses' if here is None else 'reads'} it, and the file: {apart}"
            continue
        outcomes = outcomes_here(here)
        details = {one.check.number: one.finding.detail for one in here.results}
        for number, (outcome, detail) in apart["findings"].items():
            # Whether the engine takes the workflow at all, only the engine can say; check 10 says it of both.
            is_refused = number == "7a" and details["7a"].startswith("the workflow is refused")
            if number not in BY_ENGINE and outcome != outcomes[number] and not is_refused:
                yield f"case {index}, check {number}: {outcomes[number]} ({details[number]}), and {outcome} ({detail})"
        required = [one.check.number for one in here.results if one.is_required and one.check.number not in BY_ENGINE]
        if required != apart["required"] and "7a" not in {*required} ^ {*apart["required"]}:
            yield f"case {index}: required are {required}, and {apart['required']}"
        if here.holds and apart["lacking"]:
            yield f"case {index}: the package passes it, and the file lacks {apart['lacking']}"


class TestTwoVerifiers:
    """
    "whatever the bytes, both come to the same outcome of every check that both make"
    """

    @pytest.mark.parametrize("seed", range(2))
    def test_agree_on_bundles_that_chance_changed(self, seed: int) -> None:
        """
        Structure, values, order, whole parts, and the trust file; half of them linked, signed and logged again.
        """
        rng = Random(seed)
        assert list(_list_disagreements([_draw(rng) for _ in range(120)])) == []

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(100, 104))
    def test_agree_on_many_more(self, seed: int) -> None:
        """
        The same, longer.
        """
        rng = Random(seed)
        assert list(_list_disagreements([_draw(rng) for _ in range(500)])) == []

    def test_are_shown_bundles_of_every_outcome(self) -> None:
        """
        The drawn bundles make every check fail and hold that both make, but for the audit log; else they would prove little.
        """
        rng = Random(0)
        seen: dict[str, set[str]] = {}
        for case in [_draw(rng) for _ in range(200)]:
            report = verify_here(*case)
            for number, outcome in (outcomes_here(report) if report is not None else {}).items():
                seen.setdefault(number, set()).add(outcome)
        assert {number for number, outcomes in seen.items() if "FAILED" not in outcomes} - BY_ENGINE == {"5b"}
        assert {number for number, outcomes in seen.items() if "re-checked" not in outcomes} - BY_ENGINE == {
            "5b",
            "7b",
            "7c",
        }
