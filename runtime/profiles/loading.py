"""Reads profiles and environments from files: by path, by the name of one that is installed, or of one that is shipped.

With `folder.py` the only place of the package that reaches outside. An installed package declares a profile as an entry
point whose object is its directory, or a function that gives it; the group of `rexecop` is read as well.
"""

from contextlib import suppress
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.encoding.intake import parse_document
from runtime.errors import EncodingError, MissionEngineError, PolicyError, ProfileError, UnknownProfileError, shown
from runtime.policy.packfile import pack_of
from runtime.profiles.environments import Environment, environment_from
from runtime.profiles.folder import HEAD, read_folder, read_inside, read_single
from runtime.profiles.profile import Profile
from runtime.profiles.reading import profile_of

__all__ = ["GROUPS", "ListedProfile", "find_profile", "list_profiles", "read_environment", "read_profile"]

GROUPS: Final = ("mission_runtime.profiles", "rexecop.profiles")
"""Entry-point groups under which packages declare profiles: `name = "package:directory_or_function"`."""

_SHIPPED: Final = Path(__file__).parent / "shipped"


@final
@attrs.frozen(kw_only=True)
class ListedProfile:
    """
    A profile that goes by its name: shipped here, or declared by an installed package. Of one that cannot be read, why.
    """

    name: str
    origin: str
    profile: Profile | None = attrs.field(default=None, eq=False, repr=False)
    fault: str = ""


def read_profile(path: Path | str, *, label: str | None = None) -> Profile:
    """
    Read a profile from its directory.

    Args:
        path: the directory, or the `profile.yaml` in it.
        label: how messages name the directory; its path as given when left out.

    Raises:
        UnknownProfileError: there is no such directory, or no `profile.yaml` in it.
        ProfileError: the profile cannot be used; every fault of every file is listed with file and line.
    """
    named = str(path).rstrip("/").removesuffix(f"/{HEAD}") if label is None else label
    return profile_of(read_folder(Path(path), label=named))


def find_profile(name: str) -> Profile:
    """
    Read a profile by its name, or from a directory; a name that is installed or shipped comes before a directory.

    Raises:
        UnknownProfileError: there is none.
        ProfileError: it cannot be used.
    """
    places = _list_places() if "/" not in name else {}
    if name in places:
        origin, place = places[name]
        return read_profile(_locate(place, name, origin), label=name)
    try:
        return read_profile(name)
    except UnknownProfileError as error:
        known = sorted(places or _list_places())
        raise UnknownProfileError(error.what, remedy=f"give a directory, or one of {known}") from error


def list_profiles() -> tuple[ListedProfile, ...]:
    """
    List the profiles that go by a name, sorted; one that cannot be read never takes the others down.
    """
    listed = []
    for name, (origin, place) in sorted(_list_places().items()):
        try:
            profile = read_profile(_locate(place, name, origin), label=name)
            listed.append(ListedProfile(name=name, origin=origin, profile=profile))
        except MissionEngineError as error:
            listed.append(ListedProfile(name=name, origin=origin, fault=f"{error.what}"))
    return tuple(listed)


def read_environment(path: Path | str) -> Environment:
    """
    Read an environment, with the policy pack it names.

    Raises:
        ProfileError: it cannot be used; every fault is listed with its line.
    """
    source = str(path)
    environment, policy = environment_from(read_single(Path(path), label=source), source=source)
    if policy is None:
        return environment
    try:
        document = parse_document(read_inside(Path(path).parent, policy), source=policy)
        return attrs.evolve(environment, policy=pack_of(document))
    except (PolicyError, EncodingError) as error:
        raise ProfileError(
            f"environment {shown(source)}: its policy: {error.what}",
            where=error.where,
            remedy=error.remedy,
            faults=error.faults,
        ) from error
    except ProfileError as error:
        environment.refuse(f"environment {shown(source)}", {"policy": f"{error.what}: {error.remedy}"})
        raise


def _list_places() -> dict[str, tuple[str, Path | EntryPoint]]:
    """
    Give where profiles that go by a name are; of two of one name the shipped one counts, then the first group.
    """
    places: dict[str, tuple[str, Path | EntryPoint]] = {}
    for group in reversed(GROUPS):
        for point in sorted(_entry_points(group), key=lambda one: (one.name, one.value), reverse=True):
            places[point.name] = (f"entry point {group}", point)
    for head in _SHIPPED.glob(f"*/{HEAD}"):
        places[head.parent.name] = ("shipped", head.parent)
    return places


def _entry_points(group: str) -> list[EntryPoint]:
    """
    List the entry points of a group; a package whose metadata cannot be read is left out, and takes no other down.
    """
    try:
        return list(entry_points(group=group))
    except Exception:  # noqa: BLE001 - one package whose metadata cannot be read fails the reading of all.
        points: list[EntryPoint] = []
        for distribution in distributions():
            with suppress(Exception):  # As above.
                points += distribution.entry_points.select(group=group)
        return points


def _locate(place: Path | EntryPoint, name: str, origin: str) -> Path:
    if isinstance(place, Path):
        return place
    try:
        loaded: Any = place.load()
        root = Path(loaded() if callable(loaded) else loaded)
    except (Exception, SystemExit) as error:
        # A package may raise anything when it is imported or asked.
        raise ProfileError(
            f"profile {shown(name)} of {origin}: its package raised {type(error).__name__}", remedy="mend or remove it"
        ) from error
    return root
