"""Which key signs: a name or a path in `MISSION_SIGNING_KEY`."""

from pathlib import Path

import pytest
from signers import make_key

from runtime.errors import StorageError, TransitionError, UnknownKeyError
from runtime.signing import SIGNING_KEY_VARIABLE, KeyDirectory, is_signing_key, load_signing_key
from runtime.signing.files import create_file

KEY = make_key()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyDirectory:
    """
    A directory with the key `operator`, and beside it in the working directory a file of that name.
    """
    monkeypatch.chdir(tmp_path)
    create_file(tmp_path / "operator", KEY.to_pem().encode(), mode=0o600)
    keys = KeyDirectory(tmp_path / "keys")
    keys.new("operator")
    return keys


def test_the_variable_has_its_name() -> None:
    """
    Scripts rely on it.
    """
    assert SIGNING_KEY_VARIABLE == "MISSION_SIGNING_KEY"


def test_a_name_is_a_key_of_the_directory(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Even where a file of that name is at hand.
    """
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "operator")
    assert load_signing_key(keys).public == keys.find("operator").public
    assert is_signing_key("operator")
    assert not is_signing_key("other")


def test_anything_else_is_the_path_of_a_file(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A key that is kept elsewhere.
    """
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "./operator")
    assert load_signing_key(keys).public == KEY.public
    assert not is_signing_key("operator")


@pytest.mark.parametrize("setting", [None, ""], ids=["unset", "empty"])
def test_no_key_is_chosen_by_default(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch, setting: str | None) -> None:
    """
    Although there is but one: who signs says so.
    """
    monkeypatch.delenv(SIGNING_KEY_VARIABLE, raising=False)
    if setting is not None:
        monkeypatch.setenv(SIGNING_KEY_VARIABLE, setting)
    with pytest.raises(UnknownKeyError, match=f"no key to sign with at {SIGNING_KEY_VARIABLE}: set it to"):
        load_signing_key(keys)
    assert not is_signing_key("operator")


def test_an_unknown_name_or_path_is_refused(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Never another key instead.
    """
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "other")
    with pytest.raises(UnknownKeyError, match="known are"):
        load_signing_key(keys)
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "./other")
    with pytest.raises(StorageError, match="cannot read"):
        load_signing_key(keys)


def test_a_file_that_others_can_read_is_refused(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Wherever it is.
    """
    Path("operator").chmod(0o640)
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "./operator")
    with pytest.raises(StorageError, match="chmod 600"):
        load_signing_key(keys)


@pytest.mark.parametrize("setting", ["operator", "keys/operator.pem", "./copy"])
def test_a_revoked_key_is_refused(keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    """
    INV-62: by its name, by its path, and as a copy.
    """
    create_file(Path("copy"), (keys.path / "operator.pem").read_bytes(), mode=0o600)
    keys.revoke("operator", 5)
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, setting)
    with pytest.raises(TransitionError, match="is revoked from log position 5 on"):
        load_signing_key(keys)
