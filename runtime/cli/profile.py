"""`mission profile`: lists the profiles that go by a name, and checks one."""

from typing import Any

import click

from runtime.cli.output import emit, json_option
from runtime.cli.profile_words import show_profile, show_profiles
from runtime.profiles.loading import find_profile, list_profiles
from runtime.profiles.profile import Profile

__all__ = ["profile"]


@click.group(no_args_is_help=False)
def profile() -> None:
    """
    List profiles, and check one for faults.

    A profile says what operators may ask for: intents, the workflows behind them, and when a run has done what was asked.
    """


@profile.command("list")
@json_option
def list_named(*, as_json: bool) -> None:
    """
    List the profiles that go by a name.

    These are shipped, or declared by installed packages under the entry points mission_runtime.profiles and
    rexecop.profiles. One that cannot be used is listed with the reason.
    """
    listed = list_profiles()
    documents: list[dict[str, Any]] = [
        {
            "name": one.name,
            "origin": one.origin,
            "fault": one.fault or None,
            "profile": None if one.profile is None else _describe(one.profile),
        }
        for one in listed
    ]
    emit(show_profiles(listed), {"profiles": documents}, as_json=as_json)


@profile.command()
@click.argument("name", metavar="NAME|DIRECTORY")
@json_option
def lint(name: str, *, as_json: bool) -> None:
    """
    Check a profile for faults and oversights.

    Every fault of every file is listed with its line, and ends with status 2. What is probably not meant is listed too,
    but the profile can be used: a workflow no intent uses, an intent without validation rules.
    """
    found = find_profile(name)
    warnings = [{"message": warning.message, "where": warning.where} for warning in found.warnings]
    emit(show_profile(found), {**_describe(found), "warnings": warnings}, as_json=as_json)


def _describe(found: Profile) -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.version,
        "description": found.description,
        "layout": found.layout.value,
        "digest": found.digest,
        "intents": [
            {
                "id": name,
                "workflow": part.value.workflow,
                "modes": [mode.value for mode in part.value.modes],
                "risk": part.value.risk.value,
                "description": part.value.description,
                "params": None if part.value.params is None else part.value.params.thaw(),
            }
            for name, part in sorted(found.intents.items())
        ],
        "workflows": sorted(found.workflows),
        "connectors": sorted(found.connectors),
        "validation_rules": sorted(found.rules),
        "policies": sorted(found.policies),
    }
