"""Keys of a trace: registered ones, and nothing that only looks like one."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from runtime.decision_schema.trace_registry import (
    EXTERNAL_KEY_REGISTRY,
    RESERVED_NAMESPACES,
    is_valid_context_key,
    is_valid_external_key,
    is_valid_trace_key,
    registry_keys,
    validate_external_dict,
)


def test_the_registry_holds_the_eight_keys() -> None:
    """
    Each with an owner, a version and a description, and nobody can add one.
    """
    names = [
        "total_latency_ms",
        "success_count",
        "failed_count",
        "skipped_count",
        "denied_count",
        "fail_closed",
        "attempt_count",
    ]
    assert registry_keys() == {"harness.fail_closed", *(f"exec.{name}" for name in names)}
    assert all(entry.owner and entry.introduced_in and entry.description for entry in EXTERNAL_KEY_REGISTRY.values())
    assert {key.partition(".")[0] for key in registry_keys()} <= RESERVED_NAMESPACES
    with pytest.raises(TypeError):
        EXTERNAL_KEY_REGISTRY["exec.more"] = EXTERNAL_KEY_REGISTRY["exec.fail_closed"]  # type: ignore[index]  # what is refused.


@pytest.mark.parametrize("key", ["exec.fail_closed", "a.b", "a1.b_2.c"])
def test_trace_keys(key: str) -> None:
    """
    INV-T1: names joined by dots.
    """
    assert is_valid_trace_key(key)
    assert not is_valid_context_key(key)


@pytest.mark.parametrize("key", ["exec", "exec.", ".a", "Exec.a", "a.b\n", "a..b", "a.b c", "a.1", "ä.b", "", None, 1])
def test_what_is_no_trace_key(key: Any) -> None:
    """
    INV-T1: the whole key is checked, a line break at its end too.
    """
    assert not is_valid_trace_key(key)


@pytest.mark.parametrize("key", ["now_ms", "a"])
def test_context_keys(key: str) -> None:
    """
    One name.
    """
    assert is_valid_context_key(key)
    assert not is_valid_trace_key(key)


@pytest.mark.parametrize("key", ["a.b", "A", "1a", "a\n", "", None])
def test_what_is_no_context_key(key: Any) -> None:
    """
    INV-T1: the same for names.
    """
    assert not is_valid_context_key(key)


@pytest.mark.parametrize(
    ("mode", "trace", "context"), [("trace", True, False), ("context", False, True), ("both", True, True)]
)
def test_a_mode_chooses_the_form(mode: Any, trace: bool, context: bool) -> None:  # noqa: FBT001 - a table.
    """
    Of one, the other, or either.
    """
    assert is_valid_external_key("a.b", mode) is trace
    assert is_valid_external_key("a", mode) is context
    assert not is_valid_external_key("A", mode)


def test_an_unknown_mode_is_refused() -> None:
    """
    It is not taken for another one.
    """
    with pytest.raises(ValueError, match=re.escape("no mode 'any'")):
        validate_external_dict({"a": 1}, mode="any")  # type: ignore[arg-type]  # what is refused.


@pytest.mark.parametrize(
    ("external", "options", "codes"),
    [
        ({"exec.fail_closed": True, "now_ms": 1}, {}, []),
        ([], {}, ["external_not_mapping"]),
        (None, {}, ["external_not_mapping"]),
        ({1: 1}, {}, ["key_not_str"]),
        ({"A": 1}, {}, ["invalid_key_format:A"]),
        ({"a": 1}, {"mode": "trace"}, ["invalid_trace_key_format:a"]),
        ({"a.b": 1}, {"mode": "context"}, ["invalid_context_key_format:a.b"]),
        ({"exec.secret": 1}, {}, ["unregistered_key:exec.secret"]),
        ({"mine.a": 1}, {}, ["unregistered_key:mine.a"]),
        ({"mine.a": 1, "exec.x": 1}, {"require_registry_for_prefixes": ["exec."]}, ["unregistered_key:exec.x"]),
        ({"mine.a": 1, "exec.x": 1}, {"require_registry_for_prefixes": ()}, []),
        ({"B": 1, "exec.x": 1}, {}, ["invalid_key_format:B", "unregistered_key:exec.x"]),
    ],
    ids=repr,
)
def test_a_trace_is_validated(external: Any, options: Mapping[str, Any], codes: list[str]) -> None:
    """
    INV-T1: only registered keys pass, unless the caller asks for it in some namespaces only.
    """
    assert validate_external_dict(external, **options) == [f"INV-T1:{code}" for code in codes]
