"""What an exporter asserts is checked for its form, since nothing else about it can be."""

from typing import Any

import pytest
from exporting import make_assertions

from runtime.errors import DefinitionError


@pytest.mark.parametrize(
    "host", ["a.b", "web-1.example.org", "192.0.2.7", "xn--bcher-kva.example", f"{'a' * 63}.{'b' * 63}"]
)
def test_a_host_has_a_dot_and_no_capitals(host: str) -> None:
    """
    Any name that SCLite sees as a host is taken as it is.
    """
    assert make_assertions(target_host=host).target_host == host


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "Web.example.org",
        "web.example.org.",
        ".example.org",
        "web..org",
        "-web.example.org",
        "web-.example.org",
        "web.example.org/x",
        "web.example.org:80",
        "grace@web.example.org",
        "*.example.org",
        "w\xe9b.example.org",
        "web.example.org\n",
        f"{'a' * 64}.org",
        ".".join(["a" * 63] * 4),
        "",
        None,
        7,
    ],
    ids=repr,
)
def test_another_host_is_refused(host: Any) -> None:
    """
    What SCLite would not see as a host, or as another one, is refused with an example.
    """
    with pytest.raises(DefinitionError, match=r"as in backup\.example\.org") as caught:
        make_assertions(target_host=host)
    assert caught.value.where == "target_host"


@pytest.mark.parametrize("name", ["started_at", "ended_at"])
@pytest.mark.parametrize(
    "time",
    [
        "2026-05-14",
        "2026-05-14T20:54:00",
        "2026-05-14T20:54:00+00:00",
        "2026-05-14T20:54:00.5Z",
        "2026-05-14t20:54:00z",
        "2026-05-14 20:54:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-05-14T24:00:00Z",
        "2026-05-14T20:60:00Z",
        "2026-05-14T20:54:60Z",
        "\u0662026-05-14T20:54:00Z",
        "2026-05-14T1\u0660:54:00Z",
        "2026-05-14T20:54:00Z\n",
        "",
        None,
        1778792040,
    ],
    ids=repr,
)
def test_a_time_has_one_form(name: str, time: Any) -> None:
    """
    Days that are none, other zones, fractions and leap seconds are refused with an example.
    """
    with pytest.raises(DefinitionError, match="as in 2026-05-14T20:54:00Z") as caught:
        make_assertions(**{name: time})
    assert caught.value.where == name


def test_times_are_in_order() -> None:
    """
    A run may end in the second it started, and not before.
    """
    noon, later = "2026-05-14T12:00:00Z", "2026-05-14T12:00:01Z"
    assert make_assertions(started_at=noon, ended_at=noon).ended_at == noon
    with pytest.raises(DefinitionError, match="before started_at") as caught:
        make_assertions(started_at=later, ended_at=noon)
    assert caught.value.where == "ended_at"


@pytest.mark.parametrize("operator", ["", "x" * 129, "\ud800", None], ids=repr)
def test_an_operator_is_a_name(operator: Any) -> None:
    """
    Of 1 to 128 characters that can be written down.
    """
    with pytest.raises(DefinitionError) as caught:
        make_assertions(operator=operator)
    assert caught.value.where == "operator"
