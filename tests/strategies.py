"""Every Hypothesis strategy of the suite."""

from datetime import UTC, date
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.evidence.loghead import LogHead
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.decisions import EXPIRED, DecisionSignature, HumanDecision, Opening
from runtime.values.requests import EffectAsk, EffectMode, HumanAsk, Request

few = settings(max_examples=max(10, settings().max_examples // 5))
"""A fifth of the profile's examples, for laws whose every example is costly or much like the next."""

MAX_NUMBER = 2**53 - 1

integers = st.integers(-MAX_NUMBER, MAX_NUMBER)
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**52), max_value=2.0**52)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | integers | floats | texts


def _containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4)


json_values = st.recursive(scalars, _containers, max_leaves=20)
"""Any value of the canonical domain."""

json_objects = st.dictionaries(texts, json_values, max_size=6)
"""Any JSON object of the canonical domain."""

# Awkward JSON: what the two encoders write or order differently, and what people confuse.

awkward_texts = st.text(
    st.sampled_from('aZ\x00\x1f\x7f"\\/~\n\xe9\u20ac\u2028\ud7ff\ue000\ufb33\uffff\U00010000\U0001f602\U0010ffff'),
    max_size=4,
)
"""Texts of characters whose order or spelling depends on who writes them."""

in_domain_floats = st.one_of(
    st.integers(-MAX_NUMBER, MAX_NUMBER).map(float),
    st.builds(
        lambda mantissa, exponent: float(f"{mantissa}e{exponent}"), st.integers(-999, 999), st.integers(-330, 12)
    ),
    st.floats(min_value=-(2.0**53), max_value=2.0**53, exclude_min=True, exclude_max=True),
)
"""Floats of the canonical domain: integral ones, decimal ones of every exponent, and any others."""

awkward_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 1.0, -0.0, MAX_NUMBER, -MAX_NUMBER, "", "0", "1", "true", "null"]),
    integers,
    in_domain_floats,
    texts,
    awkward_texts,
)


def _awkward_containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = awkward_texts | texts
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=5)


awkward_values = st.recursive(awkward_scalars, _awkward_containers, max_leaves=8)
"""Any value of the canonical domain, drawn mostly from its awkward corners."""

_little_scalars = (
    st.sampled_from([None, True, False, 0, 1, -1.0, 0.5, 1e-6, MAX_NUMBER, "", "1", "true"]) | awkward_texts
)
little_values = st.recursive(
    _little_scalars,
    lambda children: st.lists(children, max_size=2) | st.dictionaries(awkward_texts, children, max_size=2),
    max_leaves=3,
)
"""Small awkward values, for the many places of a larger one."""

awkward_objects = st.dictionaries(awkward_texts, awkward_values, max_size=5)
"""Any JSON object of the canonical domain, drawn mostly from its awkward corners."""

# Values of the packages.

identifiers = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
short_codes = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
digests = st.binary(max_size=4).map(digest_of_bytes)
frozen_objects = st.dictionaries(awkward_texts, little_values, max_size=2).map(JsonObject)

nonces = st.text("0123456789abcdef", min_size=32, max_size=64)
instants = st.datetimes(timezones=st.just(UTC)).map(
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f".{at.microsecond // 1000:03d}Z"
)
"""Times as they are written in records."""
decision_signatures = st.builds(
    DecisionSignature,
    nonce=nonces,
    expires_at=st.none() | instants,
    key_id=st.binary(max_size=4).map(lambda raw: digest_of_bytes(raw).removeprefix("sha256:")),
    signature=identifiers,
)
human_decisions = st.builds(
    HumanDecision,
    actor=identifiers,
    choice=identifiers,
    reason=texts,
    input=little_values,
    signature=st.none() | decision_signatures,
) | st.just(HumanDecision(actor=None, choice=EXPIRED))
openings = st.builds(Opening, request_digest=digests, nonce=nonces, expires_at=st.none() | instants)


def _outcome(status: OutcomeStatus, output: Any, code: str, attempts: list[dict[str, Any]]) -> EffectOutcome:
    is_done = status is OutcomeStatus.SUCCEEDED
    return EffectOutcome(
        status=status,
        output=output if is_done else None,
        code=None if is_done else code,
        attempts=JsonArray(attempts),
    )


effect_outcomes = st.builds(
    _outcome,
    st.sampled_from(OutcomeStatus),
    little_values,
    short_codes,
    st.lists(st.dictionaries(awkward_texts, little_values, max_size=1), max_size=2),
)


def _answer(address: str, content: HumanDecision | EffectOutcome, *, bound: bool) -> Answer:
    return Answer(
        request_digest=digest_of_bytes(address.encode()) if bound else None,
        step_id=None if bound else address,
        decision=content if isinstance(content, HumanDecision) else None,
        outcome=content if isinstance(content, EffectOutcome) else None,
    )


answers = st.builds(_answer, identifiers, human_decisions | effect_outcomes, bound=st.booleans())

human_asks = st.builds(
    HumanAsk,
    prompt=texts,
    shown=frozen_objects,
    choices=st.lists(identifiers, min_size=1, max_size=3).map(tuple),
    input_schema=st.none() | frozen_objects,
    approvers=st.lists(identifiers, max_size=2).map(tuple),
    quorum=st.integers(1, 3),
    not_by=st.lists(identifiers, max_size=2).map(tuple),
    signed=st.booleans(),
    expires_after_ms=st.none() | st.integers(1, 9),
)
effect_asks = st.builds(
    EffectAsk, connector=identifiers, action=identifiers, params=frozen_objects, mode=st.sampled_from(EffectMode)
)
requests = st.builds(
    Request,
    run_digest=digests,
    sequence=st.integers(1, 5),
    step_id=identifiers,
    lineage_head=digests,
    input_digest=digests,
    ask=human_asks | effect_asks,
)

any_steps = st.builds(StepSpec, id=identifiers, kind=identifiers, payload=frozen_objects)
"""Steps that can be constructed; few of them would be run."""

any_definitions = st.builds(
    WorkflowDefinition, id=identifiers, steps=st.lists(any_steps, max_size=3), metadata=frozen_objects
)
"""Workflows that can be constructed; few of them would be run."""

contexts = st.builds(
    ExecutionContext,
    initial_state=st.dictionaries(awkward_texts, little_values, max_size=3),
    metadata=st.none() | frozen_objects,
)

checkpoints = st.builds(
    Checkpoint,
    mission=st.none() | identifiers,
    mission_version=st.none() | identifiers,
    mode=st.sampled_from(Mode),
    definition=any_definitions,
    params=st.none() | frozen_objects,
    context=contexts,
    answers=st.lists(answers, max_size=2),
)

# Workflows that are run: small states, and operations whose paths sometimes hit, sometimes miss, sometimes hit a wrong type.


def _maybe(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.just({}) | values.map(lambda value: {name: value})


_names = st.sampled_from(["a", "b", "n", "list", "", "0", "~/", "\xe9", "\ue000", "\U00010000"])
_numbers = st.sampled_from([0, 1, 2, -1, 0.5, -0.5, 0.1, 1e-7, 1.0, MAX_NUMBER, -MAX_NUMBER]) | integers | floats
_leaves = st.sampled_from([None, True, False, "a", "b", "n", "\ue000"]) | _numbers
_flat = _leaves | st.lists(_leaves, max_size=3) | st.dictionaries(_names, _leaves, max_size=3)
small_values = _leaves | st.lists(_flat, max_size=3) | st.dictionaries(_names, _flat, max_size=3)
"""JSON over few names, so that pointers drawn apart from it still hit."""
small_objects = st.dictionaries(_names, _flat, max_size=2)
_some_tasks = st.lists(
    st.fixed_dictionaries(
        {"a": st.sampled_from("xy"), "n": st.integers(-9, 9), "due": st.sampled_from(["2026-01-05", "2025-12-30"])},
        optional={"tags": st.lists(st.sampled_from([1, "x"]), max_size=2)},
    ),
    max_size=4,
)
_records = st.lists(
    st.fixed_dictionaries({}, optional={"a": st.sampled_from(["x", "y", "y", 1]), "n": _numbers}) | _leaves, max_size=3
) | st.lists(st.fixed_dictionaries({"a": st.sampled_from("xy"), "n": _numbers | st.integers(-9, 9)}), max_size=4)
run_states = st.builds(
    lambda state, records, today, padding: {**state, **records, **today, **padding},
    st.dictionaries(_names, small_values, max_size=4),
    _maybe("list", _records) | st.fixed_dictionaries({"list": _records | _some_tasks, "n": _numbers}),
    st.sampled_from([{}, {"today": "2026-01-01"}, {"today": "2026-01-01"}, {"today": 1}]),
    st.sampled_from([*[{}] * 7, {"pad": "x" * 66_000}]),
)
"""States to run over; some are large enough to be held key by key."""


@st.composite
def pointers_near(draw: st.DrawFn, value: Any, least: int = 0) -> str:
    """
    Draw a pointer of `least` to 3 tokens that mostly leads somewhere in a value.
    """
    tokens = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 2, 3] if least else [0, 1, 1, 2, 3]))):
        known = list(value) if isinstance(value, dict) else [str(index) for index in range(len(value or ()))]
        token = draw(st.sampled_from([*known * 4, "new", "new", "0", "01", "-"]))
        tokens.append(token.replace("~", "~0").replace("/", "~1"))
        inner = value.get(token) if isinstance(value, dict) else value[int(token)] if token in known else None
        if not isinstance(inner, dict | list) and draw(st.integers(0, 4)):
            break
        value = inner if isinstance(inner, dict | list) else {}
    return "".join(f"/{token}" for token in tokens)


_plain_operations = ("set", "append", "remove", "increment", "merge", "summarize")
_rules = ("compute", "check", "select", "prioritize")

state_expressions = st.sampled_from(
    [
        *("n", "n + 1", "n / n", "n % 2", "-n", "n > 0", "!(n > 0)", "a", "a == b", "a + b", "[a, {'k': n}]", "a.b"),
        *("size(list)", "list[0]", "list.filter(x, x == 1)", "list.map(x, [x, x])", "list.exists(x, x.n > 0)"),
        *("missing", "missing || n > 0", "has(a.b) ? a.b : null", "true", "1 + 1.0", "`0`", "'n' in a"),
    ]
)
"""Expressions over few names; some have no value for most states."""
item_conditions = st.sampled_from(
    [
        *(
            "item.n > 0",
            "has(item.n)",
            "has(item.n) && item.n > n",
            "item == 1",
            "item in list",
            "item.a in ['x', 'y']",
        ),
        *("true", "item", "size(item) > 1", "list.all(x, x == item)", "item.a == 'x' || item.n > 0"),
    ]
)
"""Conditions on an element; some have no value for most elements."""
item_scores = st.sampled_from(
    [
        *("item.n", "item.n * 2 + n", "-item.n", "item", "has(item.n) ? item.n : 0", "size(item)", "1", "item.a"),
        *("item.a == 'x' ? 1 : 0", "1 / item.n", "list.filter(x, x == item).size()", "item.due == null ? 0.5 : 1"),
    ]
)
"""Scores of an element; some have no value for most elements."""
_measures = st.dictionaries(
    st.sampled_from("pqr"),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["count", "sum", "min", "max", "avg", "list"]),
            "of": st.sampled_from(["/n", "/a", ""]),
        },
        optional={"by": st.sampled_from(["/a", "/a", "/n"]), "where": item_conditions},
    ),
    min_size=1,
)
dates = st.dates(min_value=date(2025, 12, 20), max_value=date(2026, 2, 10)).map(str)
"""Dates near one another, as text."""
_members = st.sampled_from(["/n", "/a", "/due", "/tags", "", "/n", "/0"])
orders = st.lists(
    st.fixed_dictionaries({"of": _members}, optional={"direction": st.sampled_from(["ascending", "descending"])}),
    max_size=2,
)
"""What to sort by."""
_some_numbers = st.sampled_from([1, 2, -1, 0.5, 0.1, -0.5, 3, 0, 1e-7]) | _numbers
weights = st.one_of(
    st.fixed_dictionaries({"kind": st.just("number"), "of": st.just("/n"), "weight": _some_numbers}),
    st.fixed_dictionaries({"kind": st.just("count"), "of": st.just("/tags"), "weight": _some_numbers}),
    st.fixed_dictionaries(
        {"kind": st.just("days_until"), "of": st.just("/due"), "weight": _some_numbers},
        optional={"within": st.integers(1, 40)},
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("rank_of"),
            "of": st.just("/a"),
            "weight": _some_numbers,
            "order": st.sampled_from([["x", "y"], ["y", 1, "x"], [0.5, 1, "x", "y"], ["y"]]),
        }
    ),
)
"""Weights whose member has the right type, where it is there."""
_task = {
    "n": st.integers(0, 2) | st.sampled_from([0.5, -0.1, 1e-7, 7]),
    "a": st.sampled_from(["x", "y", "y", "x", 1]),
    "due": dates,
    "tags": st.lists(st.sampled_from([1, "x"]), max_size=3),
}
tasks = st.lists(st.fixed_dictionaries(_task), max_size=6)
"""Elements that have every member a weight may look at."""
gappy_tasks = st.lists(
    st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in _task.items()}), max_size=6
)
"""Elements of which some members are null or not there."""


@st.composite
def _rule_payloads(draw: st.DrawFn, name: str, path: str, source: str) -> dict[str, Any]:
    if name in ("compute", "check"):
        fields = {"expression": draw(state_expressions)}
        given = {"path": path} if name == "compute" else draw(_maybe("code", st.sampled_from(["stale", "unhealthy"])))
        return fields | given
    payload = {"from": draw(st.sampled_from(["/list", "/list", "/list", source])), "path": path}
    payload |= draw(_maybe("limit", st.integers(0, 3))) | draw(_maybe("missing", st.sampled_from(["error", "empty"])))
    if name == "select":
        payload |= draw(_maybe("where", item_conditions)) | draw(_maybe("order_by", orders))
        return payload | draw(_maybe("distinct_by", _members))
    odd = st.fixed_dictionaries({"kind": st.sampled_from(["number", "count"]), "of": _members, "weight": _some_numbers})
    score = draw(
        st.one_of(item_scores, *[st.lists(weights, min_size=1, max_size=3)] * 3, st.lists(odd, min_size=1, max_size=2))
    )
    return payload | {"score": score} | draw(_maybe("tie_breakers", orders))


@st.composite
def rule_cases(draw: st.DrawFn, *operations: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Draw a state whose list mostly fits, and the payload of an operation that follows a rule, of these if any are named.
    """
    state = {"list": draw(tasks | gappy_tasks), "n": draw(st.integers(-2, 2)), "today": "2026-01-01"}
    state |= draw(_maybe("a", st.sampled_from(["x", 1])) | _maybe("today", st.sampled_from(["2026-1-1", None])))
    name = draw(st.sampled_from(operations or _rules))
    return state, {"operation": name, **draw(_rule_payloads(name, "/out", "/list"))}


@st.composite
def operation_payloads(draw: st.DrawFn, state: Any) -> dict[str, Any]:
    """
    Draw the payload of a runtime step that asks nobody.
    """
    name = draw(st.sampled_from(_plain_operations * 3 + _rules * 3 + ("noop", "fail")))
    payload: dict[str, Any] = {"operation": name}
    if name in _rules:
        path = draw(st.sampled_from(["/out", draw(pointers_near(state, least=1))]))
        return payload | draw(_rule_payloads(name, path, draw(pointers_near(state))))
    if name in _plain_operations:
        payload["path"] = draw(pointers_near(state, least=name != "merge"))
    if name in ("set", "append", "merge"):
        if draw(st.booleans()):
            payload["from"] = draw(pointers_near(state))
        else:
            payload["value"] = draw(small_values if payload["path"] else small_objects)
    elif name == "increment":
        payload["path"] = draw(st.sampled_from([payload["path"], "/n"]))
        payload |= draw(_maybe("by", _numbers))
    elif name == "summarize":
        payload["path"] = draw(st.sampled_from([payload["path"], "/summary"]))
        payload["from"] = draw(st.sampled_from(["/list", "/list", draw(pointers_near(state))]))
        payload |= {"measures": draw(_measures), "missing": draw(st.sampled_from(["error", "empty"]))}
        payload |= draw(st.sampled_from([{}, {"group_by": "/a"}, {"group_by": "/n"}, {"group_by": ""}]))
    elif name == "noop":
        payload = {"params": draw(small_objects), **draw(st.sampled_from([{}, payload]))}
    return payload


_settled = st.one_of(
    st.builds(lambda output: EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output), small_values),
    st.sampled_from([EffectOutcome(status=OutcomeStatus.FAILED, code=code) for code in ("refused", "gone")]),
)
_unknown = EffectOutcome(status=OutcomeStatus.UNKNOWN, code="timed_out")
_outcomes = (
    st.lists(_settled, min_size=1, max_size=1) | st.just([_unknown]) | _settled.map(lambda last: [_unknown, last])
)


@st.composite
def _gates(draw: st.DrawFn, step_id: str, state: Any) -> tuple[StepSpec, list[Answer]]:
    choices = draw(st.sampled_from([["approve", "reject"], ["reject", "later", "approve"], ["approve"]]))
    payload: dict[str, Any] = {"choices": choices, "on_reject": draw(st.sampled_from(["deny", "continue"]))}
    payload |= draw(st.sampled_from([{}, {"prompt": "Go on?"}, {"description": "Look at it"}]))
    payload |= draw(_maybe("output", pointers_near(state, least=1)))
    payload |= draw(st.sampled_from([{}, {}, {"signed": True}])) | draw(st.sampled_from([{}, {"expires_after_ms": 1}]))
    quorum = draw(st.sampled_from([1, 1, 2, 3])) if "reject" in choices else 1
    payload |= {"quorum": quorum} if quorum > 1 else {}
    if "expires_after_ms" in payload and not draw(st.integers(0, 4)):
        return StepSpec(step_id, "human", payload), [
            Answer(step_id=step_id, decision=HumanDecision(actor=None, choice=EXPIRED))
        ]
    choice = draw(st.sampled_from([choices[-1], *choices]))
    decisions = []
    for actor in ["ada", "bob", "\xe9mile"][-quorum:]:
        dissent = draw(st.sampled_from([choice] * 4 + choices))
        reason = draw(st.sampled_from(["", "fits", "\u2028"]))
        signature = draw(decision_signatures) if "signed" in payload else None
        decisions.append(HumanDecision(actor=actor, choice=dissent, reason=reason, signature=signature))
        if dissent == "reject":
            break
    return StepSpec(step_id, "human", payload), [Answer(step_id=step_id, decisions=decisions)]


@st.composite
def _actions(draw: st.DrawFn, step_id: str, state: Any) -> tuple[StepSpec, list[Answer]]:
    payload: dict[str, Any] = {
        "operation": "action",
        "connector": "files",
        "action": "copy",
        "params": draw(small_objects),
    }
    payload |= {"mode": draw(st.sampled_from(["read", "mutate"]))}
    payload |= draw(_maybe("output", pointers_near(state, least=1)))
    answers = [Answer(step_id=step_id, outcome=outcome) for outcome in draw(_outcomes)]
    return StepSpec(step_id, "runtime", payload), answers


@st.composite
def run_inputs(draw: st.DrawFn, *, mostly_asking: bool = False) -> Checkpoint:
    """
    Draw a run: a workflow that is not refused, a context, and answers in advance.

    With `mostly_asking` most steps ask, and each has an answer.
    """
    state = draw(run_states)
    kinds = ["runtime", "human", "action"] if mostly_asking else ["runtime"] * 4 + ["human", "action"]
    steps: list[StepSpec] = []
    given: list[Answer] = []
    for step_id in ["s", "t", "\xe9\u2028", 'q"\\', "\U00010000\x7f"][: draw(st.integers(1, 5))]:
        kind = draw(st.sampled_from(kinds))
        answers_to_it: list[Answer] = []
        if kind == "action":
            step, answers_to_it = draw(_actions(step_id, state))
        elif kind == "human" and sum(one.kind == "human" for one in steps) < 2:
            step, answers_to_it = draw(_gates(step_id, state))
        else:
            step = StepSpec(step_id, "runtime", draw(operation_payloads(state)))
        given += answers_to_it if mostly_asking or draw(st.integers(0, 4)) else []
        if not mostly_asking and draw(st.integers(0, 9)) == 9:
            step = StepSpec(step.id, step.kind, {**step.payload.thaw(), "when": "flagged"})
        steps.append(step)
    mission: dict[str, Any] = draw(
        st.sampled_from([{}, {"mission": "m\xe9", "mission_version": "1.0.0", "params": JsonObject({"n": 1})}])
    )
    return Checkpoint(
        mode=Mode.APPLY,
        definition=WorkflowDefinition("wf-\xe9", steps, draw(st.sampled_from([{}, {"team": "files"}]))),
        context=ExecutionContext(state, draw(st.sampled_from([None, {}, {"ticket": "T-1"}]))),
        answers=given,
        **mission,
    )


def _pointers_below(value: Any, above: str = "") -> list[str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, inner in pairs:
        pointer = f"{above}/{str(key).replace('~', '~0').replace('/', '~1')}"
        found += [pointer, *_pointers_below(inner, pointer)]
    return found


@st.composite
def states_with_pointers(draw: st.DrawFn, count: int = 1) -> tuple[Any, ...]:
    """
    Draw a state that is not empty, and pointers that lead somewhere in it.
    """
    state = draw(run_states.filter(bool))
    pointers = st.sampled_from(_pointers_below(state))
    return (state, *(draw(pointers) for _ in range(count)))


integer_items = st.lists(
    st.fixed_dictionaries({"group": st.sampled_from("xyz"), "n": st.integers(-(2**50), 2**50)}), max_size=6
)
"""Items whose sums are exact and within range."""

measured_values = st.lists(st.fixed_dictionaries({}, optional={"v": small_values}), max_size=5)
"""Items with a member of any type, or without it."""

# The log of receipts.

leaf_hash_lists = st.lists(st.binary(min_size=32, max_size=32), max_size=40)
"""Hashes of the leaves of a tree."""

_note_lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32))]), max_size=20)

log_heads = st.builds(
    LogHead,
    origin=st.text(st.characters(codec="utf-8", categories=["L", "N", "S"], exclude_characters="+"), min_size=1),
    size=st.integers(0, MAX_NUMBER),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(_note_lines.filter(bool), max_size=3).map(tuple),
)
"""Heads whose origin may be the name of a key."""
