"""`mission env`: checks the document of an environment, and holds it to the profile it is of."""

from typing import Any

import click

from runtime.cli.output import emit, json_option
from runtime.cli.profile_words import show_environment
from runtime.errors import Fault
from runtime.profiles.environments import Environment, lint_pair
from runtime.profiles.loading import find_profile, list_profiles, read_environment
from runtime.profiles.profile import Profile

__all__ = ["env"]


@click.group(no_args_is_help=False)
def env() -> None:
    """
    Check environments.

    An environment says which targets there are, which backend does what, and what keeps runs apart.
    """


@env.command()
@click.argument("file")
@click.option("--profile", "name", metavar="NAME|DIRECTORY", help="Its profile. Default: the one of the name it gives.")
@json_option
def lint(file: str, name: str | None, *, as_json: bool) -> None:
    """
    Check an environment for faults and oversights.

    Every fault is listed with its line, and ends with status 2: inline secrets, unknown members, windows of no
    length. What keeps intents of its profile from being run is listed too, but the environment can be used.
    """
    environment = read_environment(file)
    profile = _find(environment, name)
    warnings: tuple[Fault, ...] = environment.warnings
    if profile is not None:
        warnings = (*warnings, *lint_pair(environment, profile))
    document = environment.document
    told: dict[str, Any] = {
        "id": document.id,
        "profile": document.profile,
        "held_to": None if profile is None else {"name": profile.name, "digest": profile.digest},
        "targets": {name: target.type.value for name, target in sorted(document.targets.items())},
        "connectors": {
            name: {"backend": given.backend, "enabled": given.enabled}
            for name, given in sorted(document.connectors.items())
        },
        "max_concurrent": document.safety.max_concurrent,
        "target_lock": document.safety.target_lock,
        "maintenance_windows": len(document.safety.maintenance_windows),
        "policy_digest": None if environment.policy is None else environment.policy.digest,
        "warnings": [{"message": warning.message, "where": warning.where} for warning in warnings],
    }
    emit(show_environment(environment, profile, warnings), told, as_json=as_json)


def _find(environment: Environment, name: str | None) -> Profile | None:
    """
    Find the profile an environment is held to; one that nobody named and that is not installed is no fault.
    """
    if name is not None:
        return find_profile(name)
    named = {one.name for one in list_profiles()}
    return find_profile(environment.document.profile) if environment.document.profile in named else None
