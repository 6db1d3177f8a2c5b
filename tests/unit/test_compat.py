"""The original import names: offered where they are free, and never in front of an original."""

import subprocess
import sys
from pathlib import Path

import pytest

README = """
from decision_schema.types import Action, FinalDecision
from execution_orchestration_core.orchestrator import execute
from execution_orchestration_core.policies import ExecutionPolicy

# FinalDecision from DMC
final_decision = FinalDecision(action=Action.ACT, allowed=True, reasons=["signal_detected"])

# Execution context (includes ops-health signals)
context = {
    "now_ms": 1000,
    "ops_deny_actions": False,  # Kill-switch check
}

# Execution policy
policy = ExecutionPolicy()

# Domain-specific executor adapter
def my_executor(action: Action, ctx: dict) -> tuple[bool, str | None]:
    # Domain-specific execution logic
    if action == Action.ACT:
        # Execute action...
        return True, None
    return False, "unsupported action"

# Execute
report = execute(final_decision, context, policy, my_executor)

# Attach to PacketV2.external
from execution_orchestration_core.trace import add_execution_trace
packet.external = add_execution_trace(packet.external or {}, report)
"""
"""The integration example of the original package, to the letter; `packet` is what its reader has."""

PACKET = """
from runtime.compat import install
offered = install()
from decision_schema import PacketV2
packet = PacketV2("r", 1, {}, {}, {}, {}, 0)
"""
MODULES = """
import decision_schema, decision_schema.compat, decision_schema.trace_registry, decision_schema.types
import execution_orchestration_core.model, execution_orchestration_core.redaction
from runtime.decision_schema import Action
assert decision_schema.types.Action is Action and decision_schema.__version__ == "0.2.2"
assert execution_orchestration_core.redaction.redact({"password": "x"}) != {"password": "x"}
print(install() == offered, sorted(packet.external), report.success_count)
"""


def _run(script: str, *path: Path) -> str:
    added = "".join(f"import sys; sys.path.insert(0, {str(folder)!r})\n" for folder in path)
    done = subprocess.run([sys.executable, "-c", added + script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_example_of_the_original_runs() -> None:
    """
    To the letter, after one line; all submodules are there, and calling it again changes nothing.
    """
    printed = _run(PACKET + README + MODULES)
    assert printed.startswith("True ['exec.attempt_count', 'exec.denied_count', 'exec.fail_closed',")
    assert printed.endswith(" 1")


@pytest.mark.parametrize("name", ["decision_schema", "execution_orchestration_core"])
def test_an_original_is_used(name: str, tmp_path: Path) -> None:
    """
    It is found by its own import, before and after the line.
    """
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("mark = 'original'\n")
    script = f"from runtime.compat import install\noffered = install()\nimport {name}\nprint({name}.mark, install() == offered, offered)"
    other = ({"decision_schema", "execution_orchestration_core"} - {name}).pop()
    assert _run(script, tmp_path) == f"original True ('{other}',)"


def test_an_original_that_is_loaded_is_left_alone() -> None:
    """
    Also one that nothing can find any more.
    """
    script = (
        "import sys, types\nmine = sys.modules['decision_schema'] = types.ModuleType('decision_schema')\n"
        "from runtime.compat import install\nprint(install(), sys.modules['decision_schema'] is mine)"
    )
    assert _run(script) == "('execution_orchestration_core',) True"
