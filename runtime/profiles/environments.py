"""Reads the document of an environment, ours or that of `rexecop`; every fault with its line, none of them alone.

Takes texts as values; `loading.py` reads the files. What an environment and a profile demand of each other is checked
when a run is compiled, and by `lint_pair`.
"""

from collections.abc import Mapping
from typing import Any, Final, final

import attrs

from runtime.encoding.intake import parse_document
from runtime.errors import EncodingError, Fault, ProfileError, shown
from runtime.policy.pack import PolicyPack
from runtime.profiles.environment_documents import EnvironmentDocument, Target, TargetType
from runtime.profiles.places import Faults, Part
from runtime.profiles.profile import Profile
from runtime.profiles.rexecop_environment import environment_of, is_rexecop_environment
from runtime.profiles.secrets import find_inline_secrets
from runtime.profiles.windows import as_date, is_time_zone
from runtime.values.modes import RunMode

__all__ = ["Environment", "environment_from", "lint_pair"]


_TEXT_KEYS: Final = frozenset({"on"})
"""Settings of connectors say `retry: {on: [...]}`, in the earlier layout always without quotes."""


@final
@attrs.frozen(kw_only=True, eq=False, repr=False)
class Environment:
    """
    An environment as it was read.
    """

    document: EnvironmentDocument
    part: Part[Any]
    """Where it stands, for the faults of what is compiled from it."""
    policy: PolicyPack | None = None
    warnings: tuple[Fault, ...] = ()

    @property
    def id(self) -> str:
        """
        Its name.
        """
        return self.document.id

    def refuse(self, what: str, faults: Mapping[str, str]) -> None:
        """
        Raise what is wrong with a run that was asked for, at the lines it stems from.

        Raises:
            ProfileError: there is something.
        """
        noted = Faults()
        for path, message in faults.items():
            noted.add(self.part, message, path)
        noted.refuse(what)


def environment_from(raw: bytes, *, source: str) -> tuple[Environment, str | None]:
    """
    Read an environment, and give the name of the file its policy pack is in.

    Raises:
        ProfileError: it cannot be used; every fault is listed with its line.
    """
    faults, noted = Faults(), Faults()
    try:
        document = parse_document(raw, source=source, text_keys=_TEXT_KEYS)
    except EncodingError as error:
        faults.add_error(source, error)
        faults.refuse(f"environment {shown(source)}")
        raise
    for path, message in find_inline_secrets(document.value):
        faults.add_at(document, message, path)
    if is_rexecop_environment(document):
        part = environment_of(document, faults, noted)
    else:
        part = faults.read(Part(document.value, document), EnvironmentDocument)
    if part is not None:
        _check(part, faults, is_strict=not is_rexecop_environment(document))
    faults.refuse(f"environment {shown(source)}", "mend the lines named; mission env lint shows them all")
    if part is None:
        raise ProfileError(f"environment {shown(source)} cannot be read")
    return Environment(document=part.value, part=part, warnings=noted.listed), part.value.policy


def _check(part: Part[EnvironmentDocument], faults: Faults, *, is_strict: bool) -> None:
    document = part.value
    for name, target in document.targets.items():
        _check_target(part, name, target, faults, is_strict=is_strict)
    for index, window in enumerate(document.safety.maintenance_windows):
        place = f"safety.maintenance_windows[{index}]"
        if not is_time_zone(window.timezone):
            remedy = "write a name of the IANA list, as in Europe/Warsaw"
            faults.add(part, f"time zone {shown(window.timezone)}: {remedy}", f"{place}.timezone")
        for number, day in enumerate(window.dates):
            if as_date(day) is None:
                faults.add(part, f"date {shown(day)}: write a date as in 2026-05-14", f"{place}.dates[{number}]")
        if window.start == window.end:
            faults.add(
                part, f'from {window.start} to {window.end}: for a whole day write "00:00" and "24:00"', f"{place}.end"
            )
        if window.start == "24:00":
            faults.add(part, 'a start at 24:00: write "00:00"', f"{place}.start")


def _check_target(
    part: Part[EnvironmentDocument], name: str, target: Target, faults: Faults, *, is_strict: bool
) -> None:
    place = f"targets[{name!r}]"
    if target.type is not TargetType.GROUP:
        if target.members:
            faults.add(part, f"members of a {target.type.value}: only a group has some", f"{place}.members")
        return
    if not target.members:
        faults.add(part, "a group without members: name at least one", place)
    targets = part.value.targets
    for index, member in enumerate(target.members):
        if member in targets and targets[member].type is TargetType.GROUP:
            faults.add(part, f"member {member!r} is a group: name its members", f"{place}.members[{index}]")
        elif is_strict and member not in targets:
            faults.add(
                part, f"member {member!r} is no target: targets are {sorted(targets)}", f"{place}.members[{index}]"
            )


def lint_pair(environment: Environment, profile: Profile) -> tuple[Fault, ...]:
    """
    List what keeps intents of a profile from being run in an environment.

    Raises:
        ProfileError: the environment is of another profile.
    """
    document = environment.document
    if document.profile != profile.name:
        environment.refuse(
            f"environment {shown(document.id)}",
            {"profile": f"profile {shown(document.profile)}, and the profile given is {shown(profile.name)}"},
        )
    noted = Faults()
    for name in sorted(profile.connectors.keys() - document.connectors.keys()):
        noted.add(environment.part, f"no connector {name!r}: intents whose workflows use it are refused", "connectors")
    for name in sorted(document.connectors.keys() - profile.connectors.keys()):
        noted.add(environment.part, f"the profile has no connector {name!r}", f"connectors[{name!r}]")
    changing = [name for name, part in profile.intents.items() if RunMode.APPLY in part.value.modes]
    if changing and environment.policy is None:
        noted.add(environment.part, f"no policy: nobody says who may let {sorted(changing)} change something", "policy")
    return noted.listed
