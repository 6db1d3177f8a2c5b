"""What the tests of planning share: a mission that decides by a pack of its own, alone in its registry."""

from typing import Any

from makers import make_mission, make_step

from runtime.orchestration import Mission
from runtime.policy.pack import PolicyPack


def make_pack(policy_id: str = "p", *, most: int = 10, effect: str = "allow") -> PolicyPack:
    """
    Make a pack that denies more than an amount, and allows less, or flags it.
    """
    rules = [
        {"rule_id": "much", "effect": "deny", "when": [f"amount > {most}"]},
        {"rule_id": "little", "effect": effect, "when": [f"amount <= {most}"]},
    ]
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": policy_id, "version": "1.0.0", "rules": rules}
    )


def make_deciding(pack: PolicyPack | None = None, **changes: Any) -> Mission:
    """
    Make a mission that decides by a pack of its own.
    """
    step = make_step("d", "decide", policy="p", input="", path="/verdict")
    return make_mission(step, policies=(pack or make_pack(),), **changes)


def only(mission: Mission) -> dict[str, Mission]:
    """
    Make a registry of one mission.
    """
    return {mission.name: mission}
