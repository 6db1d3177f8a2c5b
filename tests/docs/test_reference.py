"""The reference pages list exactly what the code has."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import click
import pytest

from runtime import errors
from runtime.cli.exit_codes import EXIT_CODES, ExitCode
from runtime.cli.main import COMMANDS, cli
from runtime.connectors.backends import ConnectorDocument
from runtime.connectors.http_action import HttpAction, Pages, Probe
from runtime.connectors.http_settings import HttpSettings
from runtime.connectors.local_settings import CommandSettings, LocalSettings
from runtime.connectors.mock import MockAction
from runtime.connectors.params import Param
from runtime.connectors.ssh_settings import SshCommand, SshSettings
from runtime.encoding.converter import KEY, unstructure
from runtime.encoding.frozen import JsonObject
from runtime.encoding.secretkeys import WALKED_KEYS, WHOLE_KEYS
from runtime.encoding.secretmarks import RULES
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.log import ReceiptLog
from runtime.evidence.statement import attest
from runtime.evidence.trust import Trust
from runtime.evidence.verify import CHECKS, NOT_PROVEN, verify_bundle
from runtime.execution.drill import Drill
from runtime.orchestration import (
    Answer,
    EffectOutcome,
    ExecutionContext,
    HumanDecision,
    Orchestrator,
    OutcomeStatus,
    StepSpec,
    WorkflowDefinition,
)
from runtime.orchestration.failures import StepErrorCode
from runtime.orchestration.operations import HUMAN, OPERATIONS, Operation
from runtime.orchestration.payloads import ABSENT, MeasureKind, Payload
from runtime.orchestration.preflight import prove
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.schema import INPUT_SCHEMA_KEYWORDS
from runtime.policy.cases import Expectation, PolicyCase
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack
from runtime.policy.rules import Constraint, Obligation, Rule
from runtime.runs.states import (
    TERMINAL_STATES,
    TRANSITIONS,
    RunEvent,
    RunState,
    http_status_of,
    operator_state_of,
)
from runtime.testing import MemoryLogStore
from runtime.values.decisions import Opening
from runtime.values.keys import PrivateKey
from runtime.values.revocations import Revocation
from runtime.values.seals import Disclosure
from runtime.values.signatures import sign_decision

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

Row = list[str]


def _page(name: str) -> str:
    return (REFERENCE / name).read_text()


def _section(page: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading}"
    return found[1]


def _tables(text: str) -> dict[str, list[Row]]:
    """
    Give the tables of a text: the rows without code marks, by the head of their first column.
    """
    tables: dict[str, list[Row]] = {}
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table.splitlines()]
        cells = [[cell.strip("` ") for cell in row] for row in rows]
        assert cells, "a table without rows"
        assert all(len(row) == len(head) for row in cells), f"a row of another length under {head}"
        tables[head[0].strip("` ")] = cells
    return tables


def _defaults(payload: type[Payload], *, without: frozenset[str]) -> dict[str, str]:
    """
    Give the fields of a payload as the page writes them: JSON name and default.
    """
    listed = {}
    for field in attrs.fields(payload):
        name = field.metadata.get(KEY, field.name)
        if name in without:
            continue
        if field.default is attrs.NOTHING:
            listed[name] = "required"
        elif field.default is ABSENT or name == "from":
            listed[name] = "none"
        else:
            default = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]  # attrs types Factory as a function.
            listed[name] = json.dumps(unstructure(default))
    return listed


COMMON = frozenset(_defaults(Payload, without=frozenset()))


def test_common_fields_of_payloads_are_listed() -> None:
    """
    The table of common fields holds what every payload may carry, with the defaults.
    """
    rows = _tables(_section(_page("operations.md"), "Common fields"))["field"]
    assert {row[0]: row[2] for row in rows} == _defaults(Payload, without=frozenset())


@pytest.mark.parametrize("operation", [*OPERATIONS.values(), HUMAN], ids=lambda operation: operation.name)
def test_fields_of_an_operation_are_listed(operation: Operation) -> None:
    """
    The section of an operation lists its own fields, in any order, with the defaults.
    """
    heading = "Human steps" if operation is HUMAN else f"`{operation.name}`"
    rows = _tables(_section(_page("operations.md"), heading))["field"]
    assert {row[0]: row[2] for row in rows} == _defaults(operation.payload, without=COMMON)


def test_every_operation_has_a_section_and_no_other() -> None:
    """
    The page has one section for each operation of the table.
    """
    assert sorted(re.findall(r"^## `(\w+)`$", _page("operations.md"), re.MULTILINE)) == sorted(OPERATIONS)


def test_kinds_of_measures_and_schema_keywords_are_listed() -> None:
    """
    The page names every kind of measure and every keyword of an input schema, and no other.
    """
    page = _page("operations.md")
    kinds = re.search(r"Kinds of measures: (.*?)\. ", page)
    keywords = re.search(r"Allowed keywords: (.*?)\.$", page, re.DOTALL | re.MULTILINE)
    assert kinds
    assert keywords
    assert sorted(re.findall(r"`(.+?)`", kinds[1])) == sorted(MeasureKind)
    assert sorted(re.findall(r"`(.+?)`", keywords[1])) == sorted(INPUT_SCHEMA_KEYWORDS)


def test_every_error_class_is_listed_with_base_code_and_exit_status() -> None:
    """
    The table of errors holds every class of `runtime.errors`, and what it says of each is so.
    """
    public = [getattr(errors, name) for name in errors.__all__]
    classes = [kind for kind in public if isinstance(kind, type) and issubclass(kind, errors.MissionEngineError)]
    expected = sorted(
        [kind.__name__, kind.__bases__[0].__name__, kind.code, str(int(EXIT_CODES[kind.code]))] for kind in classes
    )
    assert sorted(row[:4] for row in _tables(_section(_page("errors.md"), "Classes"))["class"]) == expected


def test_every_code_of_a_failed_step_is_listed() -> None:
    """
    The table of step codes holds the closed list of the engine.
    """
    rows = _tables(_section(_page("errors.md"), "Codes of a failed step"))["code"]
    assert sorted(row[0] for row in rows) == sorted(StepErrorCode)


def test_every_exit_status_is_listed() -> None:
    """
    The table of exit statuses holds every one the command can give.
    """
    rows = _tables(_section(_page("cli.md"), "Exit status"))["status"]
    assert [int(row[0]) for row in rows] == sorted(ExitCode)


def test_rules_of_redaction_are_listed() -> None:
    """
    The table of rules is that of the code, and the table of names holds every one, with what happens to its value.
    """
    page = _page("redaction.md")
    told = {rule: text.strip("` ") for rule, text in RULES.items()}
    assert {row[0]: row[1] for row in _tables(_section(page, "Rules"))["rule"]} == told
    happens = dict.fromkeys(WHOLE_KEYS, "replaced whole")
    happens |= dict.fromkeys(WALKED_KEYS, "text is replaced, a container is walked")
    assert {row[0]: row[1] for row in _tables(_section(page, "Names"))["name"]} == happens


def test_help_of_every_command_is_shown() -> None:
    """
    The page shows `--help` of the program, each command and those below; that the text is right is tested elsewhere.
    """
    shown = re.findall(r"^\$ mission (.*?) ?--help$", _page("cli.md"), re.MULTILINE)
    context = cli.make_context("mission", ["--help"], resilient_parsing=True)
    below = [
        f"{name} {one}"
        for name in COMMANDS
        if isinstance(command := cli.get_command(context, name), click.Group)
        for one in command.commands
    ]
    assert sorted(shown) == sorted(["", *COMMANDS, *below])
    assert sorted(re.findall(r"^## `mission (\w+)`$", _page("cli.md"), re.MULTILINE)) == sorted(COMMANDS)


def _run(answered: bool) -> OrchestrationResult:  # noqa: FBT001 - a helper of this file.
    definition = WorkflowDefinition(
        "wf",
        [
            StepSpec("read", "runtime", {"operation": "action", "connector": "c", "action": "a", "mode": "read"}),
            StepSpec("gate", "human"),
        ],
    )
    answers = [Answer(step_id="read", outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED))]
    if answered:
        answers.append(Answer(step_id="gate", decision=HumanDecision(actor="ada", choice="approve")))
    return Orchestrator().run_workflow(definition, ExecutionContext({}), answers=answers)


_CATALOGUE = JsonObject({"c": {"actions": {"a": {"mode": "read"}}}})


def _records() -> dict[str, dict[str, Any]]:
    """
    Give one real record of each kind, and of the parts that have a table of their own.
    """
    waiting, ended = _run(answered=False), _run(answered=True)
    effect = Orchestrator().run_workflow(waiting.inputs.definition, ExecutionContext({}))
    assert waiting.checkpoint is not None
    assert waiting.pending is not None
    assert effect.pending is not None
    assert ended.receipt is not None
    outcome, decision = [answer.to_dict() for answer in ended.inputs.answers]
    human: dict[str, Any] = waiting.pending.request.to_dict()
    asked: dict[str, Any] = effect.pending.request.to_dict()
    recorded: dict[str, Any] = json.loads(RecordedRun.of(ended).raw)
    envelope = attest(RecordedRun.of(ended), [PrivateKey.of_seed(bytes(32))])
    opening = Opening(request_digest=waiting.pending.digest, nonce="0" * 32)
    signed = sign_decision(ended.inputs.answers[1].decisions[0], opening, PrivateKey.of_seed(bytes(32)))
    log = ReceiptLog(MemoryLogStore())
    log.append(RecordedRun.of(ended).receipt.raw)
    bundle = Bundle.of(RecordedRun.of(ended))
    return {
        "bundle/v1": json.loads(bundle.raw),
        "trust/v1": {field.name: () for field in attrs.fields(Trust) if field.name != "digest"}
        | {"schema": "trust/v1"},
        "verification/v1": verify_bundle(bundle.raw).to_dict(),
        "envelope": json.loads(envelope.raw),
        "statement": json.loads(envelope.payload),
        "kill-switch-drill/v1": json.loads(Drill(at="", is_on=None, checks=()).raw),
        "disclosure/v1": Disclosure.make(bytes(32), "/params/token", "t").to_dict(),
        "revocation/v1": json.loads(Revocation(key_id="0" * 64, from_position=0).raw),
        "run/v1": ended.header,
        "lineage/v1": ended.lineage["entries"][0],
        "request/v1": human,
        "human": human["ask"],
        "effect": asked["ask"],
        "answer/v1": decision,
        "decisions": decision["decisions"][0],
        "outcome": outcome["outcome"],
        "receipt/v1": ended.receipt,
        "checkpoint/v1": waiting.checkpoint.to_dict(),
        "certificate/v1": prove(waiting.inputs.definition, catalogue=_CATALOGUE).thaw(),
        "sequence-rules/v1": json.loads((REFERENCE.parent / "examples/rules/people-decide.json").read_text()),
        "recorded-run/v1": recorded,
        "log-inclusion/v1": json.loads(log.prove_inclusion(0).raw),
        "log-consistency/v1": json.loads(log.prove_consistency(1).raw),
        "opening/v1": json.loads(opening.raw),
        "signature": unstructure(signed.signature),
        "result/v1": ended.to_dict(),
    }


RECORDS = _records()


@pytest.mark.parametrize("schema", [name for name in RECORDS if "/" in name])
def test_fields_of_a_record_are_listed(schema: str) -> None:
    """
    The section of a record lists exactly the fields of a real one.
    """
    assert RECORDS[schema]["schema"] == schema
    rows = _tables(_section(_page("records.md"), f"`{schema}`"))["field"]
    assert sorted(row[0] for row in rows) == sorted(RECORDS[schema])


@pytest.mark.parametrize("part", ["decisions", "signature", "outcome"])
def test_fields_of_an_answer_are_listed(part: str) -> None:
    """
    The tables of decisions, signature and outcome list exactly the fields of a real one.
    """
    rows = _tables(_section(_page("records.md"), "`answer/v1`"))[f"field of `{part}"]
    assert sorted(row[0] for row in rows) == sorted(RECORDS[part])


@pytest.mark.parametrize("part", ["statement", "envelope"])
def test_members_of_what_is_signed_are_listed(part: str) -> None:
    """
    The tables of statement and envelope list exactly the members of real ones, and of their parts.
    """
    tables = _tables(_section(_page("records.md"), "The signed statement"))
    inner = {"statement": "subject", "envelope": "signatures"}[part]
    assert sorted(row[0] for row in tables[f"member of the {part}"]) == sorted(RECORDS[part])
    assert sorted(row[0] for row in tables[f"member of `{inner}"]) == sorted(RECORDS[part][inner][0])


@pytest.mark.parametrize("kind", ["human", "effect"])
def test_fields_of_a_question_are_listed(kind: str) -> None:
    """
    The two tables of questions list exactly the fields of a real one of their kind.
    """
    section = _section(_page("records.md"), "`request/v1`")
    own = next(part for part in section.split("| field of `ask` |")[1:] if f"| `kind` | `{kind}` |" in part)
    rows = re.findall(r"^\| `(\w+)` \|", own, re.MULTILINE)
    assert sorted(rows) == sorted(RECORDS[kind])


def test_every_record_has_a_section_and_no_other() -> None:
    """
    The page has one section for each kind of record.
    """
    headings = re.findall(r"^## `([\w\-]+/v\d)`$", _page("records.md"), re.MULTILINE)
    assert sorted(headings) == sorted(name for name in RECORDS if "/" in name)


PARTS: dict[str, type[Any]] = {
    "member": PolicyPack,
    "member of a rule": Rule,
    "member of an obligation": Obligation,
    "member of a constraint": Constraint,
    "member of a case": PolicyCase,
    "member of `expect": Expectation,
}


@pytest.mark.parametrize("head", PARTS)
def test_members_of_a_pack_are_listed(head: str) -> None:
    """
    The tables of the page list exactly what stands in a pack, and which of it is required.
    """
    rows = _tables(_section(_page("policies.md"), "The pack"))[head]
    fields = attrs.fields(PARTS[head])
    assert [row[0] for row in rows] == [field.name for field in fields]
    # A pack written by hand must say which form it has.
    required = {field.name for field in fields if field.default is attrs.NOTHING} | ({"schema"} & {fields[0].name})
    assert {row[0] for row in rows if row[2] == "required"} == required


def test_members_of_a_verdict_are_listed() -> None:
    """
    The tables of the page list exactly the members of a real verdict and of its parts, in their order.
    """
    rules = [{"rule_id": "r", "effect": "flag", "when": ["a > 1"]}]
    pack = PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": rules})
    record = evaluate(pack, {"a": 2}).to_dict()
    report = record["applied"][0]
    clause = report["when"][0]
    tables = _tables(_section(_page("policies.md"), "The verdict"))
    for head, part in (
        ("member", record),
        ("member of a report", report),
        ("member of a clause", clause),
        ("member of `nearest", clause["nearest"]),
    ):
        assert sorted(row[0] for row in tables[head]) == sorted(part), head


SETTINGS: dict[str, type[Any]] = {
    "field": ConnectorDocument,
    "field of a param": Param,
    "field of `http_api": HttpSettings,
    "field of an action": HttpAction,
    "field of `pages": Pages,
    "field of `reconcile": Probe,
    "field of `ssh_readonly": SshSettings,
    "field of a command over SSH": SshCommand,
    "field of `local_command": LocalSettings,
    "field of a local command": CommandSettings,
    "field of a mock action": MockAction,
}


@pytest.mark.parametrize("head", SETTINGS)
def test_fields_of_settings_are_listed(head: str) -> None:
    """
    The tables of the page list exactly the fields of the settings of connectors, with the defaults.
    """
    listed = {}
    for field in attrs.fields(SETTINGS[head]):
        default = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]  # attrs types Factory as a function.
        listed[field.name] = "required" if default is attrs.NOTHING else json.dumps(unstructure(default))
    rows = _tables(_page("connectors.md"))[head]
    assert {row[0]: row[2] for row in rows} == listed


MODULES = (
    "runtime.orchestration",
    "runtime.orchestration.registry",
    "runtime.orchestration.planner",
    "runtime.orchestration.sequence",
    "runtime.orchestration.preflight",
    "runtime.orchestration.builder",
    "runtime.evidence",
    "runtime.evidence.exports",
    "runtime.evidence.statement",
    "runtime.evidence.bundle",
    "runtime.evidence.trust",
    "runtime.evidence.verify",
    "runtime.evidence.envelope",
    "runtime.signing",
    "runtime.evidence.log",
    "runtime.evidence.loghead",
    "runtime.evidence.lognote",
    "runtime.evidence.logproof",
    "runtime.evidence.merkle",
    "runtime.profiles.loading",
    "runtime.profiles.compiling",
    "runtime.profiles.compiled",
    "runtime.profiles.environments",
    "runtime.profiles.validation",
    "runtime.profiles.windows",
    "runtime.decision_schema",
    "runtime.execution",
    "runtime.compat",
    "runtime.storage",
    "runtime.values",
    "runtime.values.keys",
    "runtime.values.signatures",
    "runtime.values.approvers",
    "runtime.values.revocations",
    "runtime.values.seals",
    "runtime.encoding.seal",
    "runtime.testing",
    "runtime.connectors",
    "runtime.connectors.backends",
    "runtime.connectors.secrets",
    "runtime.connectors.stand_ins",
    "runtime.encoding.redaction",
    "runtime.errors",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_listed(module: str) -> None:
    """
    The section of a module lists exactly its public names, and every name exists.
    """
    names = import_module(module).__all__
    rows = _tables(_section(_page("api.md"), f"`{module}`"))["name"]
    assert sorted(row[0] for row in rows) == sorted(names)
    assert all(hasattr(import_module(module), name) for name in names)


def test_every_public_module_has_a_section_and_no_other() -> None:
    """
    The page has one section for each public module.
    """
    assert re.findall(r"^## `([\w.]+)`$", _page("api.md"), re.MULTILINE) == list(MODULES)


def test_every_check_is_told_with_who_could_have_lied() -> None:
    """
    The page on what a receipt proves has the table of the program, and the list that every report ends with.
    """
    page = _page("../how-to/what-a-receipt-proves.md")
    rows = _tables(page)["check"]
    assert [(row[0], row[1], row[3]) for row in rows] == [(one.number, one.title, one.liars) for one in CHECKS]
    assert "\n".join(f"- {one}" for one in NOT_PROVEN) in page


def test_the_life_of_a_run_is_drawn_from_its_table() -> None:
    """
    INV-140: the table of the page, and the picture below it.
    """
    page = _page("runs.md")
    for state in RunState:
        moves = [f"`{event}` → `{after}`" for event, after in TRANSITIONS[state].items()] or ["the run has ended"]
        words = f"`{http_status_of(state)}` | `{operator_state_of(state, is_escalated=False)}`"
        assert f"| `{state}` | {' · '.join(moves)} | {words} |" in page
    drawn = {tuple(re.split(r" --> |: ", line.strip())) for line in page.splitlines() if " --> " in line}
    expected: set[tuple[str, ...]] = {("[*]", "created"), *((str(state), "[*]") for state in TERMINAL_STATES)}
    for state in RunState:
        for after in {*TRANSITIONS[state].values()}:
            events = [event for event, to in TRANSITIONS[state].items() if to is after]
            told = ", ".join(event for event in events if event not in (RunEvent.CANCEL, RunEvent.REPORT_FAILED))
            expected |= {(str(state), str(after), told)} if told else set()
    assert drawn == expected
