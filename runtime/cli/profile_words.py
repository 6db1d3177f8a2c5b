"""Profiles and environments in words: what `mission profile` and `mission env` show."""

from collections.abc import Iterable

from runtime.encoding.display import visible
from runtime.errors import Fault
from runtime.profiles.environment_documents import TargetType, Window
from runtime.profiles.environments import Environment
from runtime.profiles.loading import ListedProfile
from runtime.profiles.profile import Profile

__all__ = ["show_environment", "show_profile", "show_profiles"]


def show_profiles(listed: Iterable[ListedProfile]) -> str:
    """
    Show the profiles that go by a name as a table; below it those that cannot be used, and why.
    """
    usable = [(one, one.profile) for one in listed if one.profile is not None]
    width = max((len(visible(one.name)) for one, _ in usable), default=0)
    lines = [
        f"{visible(one.name):<{width}}  {visible(profile.version)}  {visible(profile.description)} ({one.origin})"
        for one, profile in usable
    ]
    refused = [one for one in listed if one.profile is None]
    if refused:
        lines += ["", "cannot be used:"]
        lines += [f"  {visible(one.name)} ({one.origin}): {visible(one.fault)}" for one in refused]
    return "\n".join(lines)


def show_profile(profile: Profile) -> str:
    """
    Say that a profile can be used, what it holds, and what of it is probably not meant.
    """
    lines = [f"ok: profile {visible(profile.name)} {visible(profile.version)} in {visible(profile.label)}"]
    rows = [
        (visible(name), ", ".join(part.value.modes), part.value.risk.value, visible(part.value.description))
        for name, part in sorted(profile.intents.items())
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for index, row in enumerate(rows):
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        lines.append(f"  {'intents' if index == 0 else '':<11} {cells}  {row[3]}".rstrip())
    for title, names in (
        ("workflows", profile.workflows),
        ("connectors", profile.connectors),
        ("rules for", profile.rules),
        ("policies", profile.policies),
    ):
        if names:
            lines.append(f"  {title:<11} {visible(', '.join(sorted(names)))}")
    lines += [f"  {'layout':<11} {profile.layout.value}", f"  {'digest':<11} {profile.digest}"]
    return "\n".join([*lines, *_warned(profile.warnings)])


def show_environment(environment: Environment, profile: Profile | None, warnings: Iterable[Fault]) -> str:
    """
    Say that an environment can be used, what it holds, and what keeps intents from being run in it.
    """
    document = environment.document
    groups = sum(target.type is TargetType.GROUP for target in document.targets.values())
    safety = document.safety
    lines = [
        f"ok: environment {visible(document.id)} of profile {visible(document.profile)}",
        f"  {'targets':<11} {len(document.targets)}, {groups} of them groups",
    ]
    for index, (name, given) in enumerate(sorted(document.connectors.items())):
        off = "" if given.enabled else ", not enabled"
        lines.append(f"  {'connectors' if index == 0 else '':<11} {visible(name)} by {visible(given.backend)}{off}")
    lock = "one at a time for each target" if safety.target_lock else "any number for each target"
    lines.append(f"  {'runs':<11} {safety.max_concurrent} at once, {lock}")
    lines += [
        f"  {'windows' if index == 0 else '':<11} {_say_window(window)}"
        for index, window in enumerate(safety.maintenance_windows)
    ]
    if environment.policy is not None:
        policy = environment.policy
        lines.append(f"  {'policy':<11} {visible(policy.policy_id)} {visible(policy.version)}")
    if profile is None:
        lines.append("  not held against a profile: none of this name is known here; give one with --profile")
    else:
        lines.append(f"  {'held to':<11} profile {visible(profile.name)} {visible(profile.version)}")
    return "\n".join([*lines, *_warned(warnings)])


def _say_window(window: Window) -> str:
    days = ", ".join(window.weekdays) or ("" if window.dates else "every day")
    dates = ", ".join(window.dates)
    night = " of the next day" if window.end <= window.start else ""
    return (
        f"{' on '.join(filter(None, (days, dates)))} {window.start} to {window.end}{night}, {visible(window.timezone)}"
    )


def _warned(warnings: Iterable[Fault]) -> list[str]:
    told = [f"  - {visible(str(warning))}" for warning in warnings]
    return ["warnings", *told] if told else []
