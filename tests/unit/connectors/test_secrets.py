"""Secrets: where they are looked for, which files are refused, and that no value leaves in a message."""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest

from runtime.connectors.secrets import Secrets, is_secret_ref, variable_of
from runtime.errors import DefinitionError, SecretUnavailableError
from runtime.limits import MAX_SECRET_LENGTH, MAX_SECRETS_BYTES

CANARY = "canary-5d41402abc4b2a76"


def make_file(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    """
    Write a file of secrets with the rights it should have, unless told otherwise.
    """
    path = folder / "secrets.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def refused(environ: Mapping[str, str], ref: str = "TOKEN") -> SecretUnavailableError:
    """
    Give the error of a look-up that fails, after seeing that no part of it holds the canary.
    """
    with pytest.raises(SecretUnavailableError) as caught:
        Secrets(environ).resolve(ref)
    error = caught.value
    assert error.remedy
    assert error.__cause__ is None
    assert error.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(error))
    return error


class TestTheOrder:
    """
    "The environment comes first, then the file", each under both names.
    """

    def test_is_variables_then_files_and_the_older_names_after_each(self, tmp_path: Path) -> None:
        """
        Taking the first source away shows the next, to the last.
        """
        newer, older = tmp_path / "newer", tmp_path / "older"
        newer.mkdir()
        older.mkdir()
        environ = {
            "MISSION_SECRET_TOKEN": "1",
            "REXECOP_SECRET_TOKEN": "2",
            "MISSION_SECRETS_FILE": str(make_file(newer, 'secrets: {TOKEN: "3"}')),
            "REXECOP_SECRETS_FILE": str(make_file(older, 'secrets:\n  TOKEN: "4"\n')),
        }
        seen = []
        for name in [*environ]:
            seen.append(Secrets(environ).resolve("TOKEN"))
            del environ[name]
        assert seen == ["1", "2", "3", "4"]
        assert refused(environ).where == "MISSION_SECRET_TOKEN"

    def test_goes_on_to_the_older_file_when_the_newer_lacks_the_name(self, tmp_path: Path) -> None:
        """
        Two files may hold different secrets.
        """
        older = tmp_path / "older"
        older.mkdir()
        environ = {
            "MISSION_SECRETS_FILE": str(make_file(tmp_path, "secrets: {}")),
            "REXECOP_SECRETS_FILE": str(make_file(older, 'secrets: {TOKEN: "x"}')),
        }
        assert Secrets(environ).resolve("TOKEN") == "x"

    def test_spells_a_name_as_a_variable(self) -> None:
        """
        Upper case, and an underscore for what a variable cannot hold.
        """
        assert variable_of("deploy-token.eu") == "MISSION_SECRET_DEPLOY_TOKEN_EU"
        assert Secrets({"MISSION_SECRET_DEPLOY_TOKEN_EU": "x"}).resolve("deploy-token.eu") == "x"

    def test_is_walked_anew_each_time(self, tmp_path: Path) -> None:
        """
        A secret that was changed is the changed one at the next call.
        """
        path = make_file(tmp_path, 'secrets: {TOKEN: "old"}')
        secrets = Secrets({"MISSION_SECRETS_FILE": str(path)})
        assert secrets.resolve("TOKEN") == "old"
        path.write_text('secrets: {TOKEN: "new"}')
        assert secrets.resolve("TOKEN") == "new"

    def test_begins_in_the_environment_of_the_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Unless told otherwise; and a repr shows none of it.
        """
        secrets = Secrets()
        monkeypatch.setenv("MISSION_SECRET_TOKEN", CANARY)
        assert secrets.resolve("TOKEN") == CANARY
        assert CANARY not in repr(secrets)


_UNFIT: dict[str, str] = {
    "number": f"secrets: {{TOKEN: 5, OTHER: '{CANARY}'}}",
    "empty": "secrets: {TOKEN: ''}",
    "no_object": f"secrets: [{CANARY}]",
    "no_secrets": f"TOKEN: {CANARY}",
    "more_than_secrets": f"secrets: {{TOKEN: '{CANARY}'}}\nother: 1\n",
    "no_yaml": f"secrets: {{TOKEN: '{CANARY}'",
    "twice": f"secrets:\n  TOKEN: '{CANARY}'\n  TOKEN: '{CANARY}'\n",
    "too_long": f"secrets: {{TOKEN: '{'x' * (MAX_SECRET_LENGTH + 1)}'}}",
    "too_large": f"secrets: {{TOKEN: '{CANARY}'}}\n#{'x' * MAX_SECRETS_BYTES}",
}


class TestAFile:
    """
    "The file is this user's alone."
    """

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o610])
    def test_that_others_can_use_is_refused(self, tmp_path: Path, mode: int) -> None:
        """
        With the mode it has, and what to do.
        """
        path = make_file(tmp_path, f"secrets: {{TOKEN: '{CANARY}'}}", mode=mode)
        error = refused({"MISSION_SECRETS_FILE": str(path)})
        assert f"{mode:04o}" in error.what
        assert "chmod 600" in error.remedy

    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_that_only_its_owner_can_use_is_read(self, tmp_path: Path, mode: int) -> None:
        """
        Less than 0600 is fine as well.
        """
        path = make_file(tmp_path, 'secrets: {TOKEN: "x"}', mode=mode)
        assert Secrets({"MISSION_SECRETS_FILE": str(path)}).resolve("TOKEN") == "x"

    def test_that_is_a_link_is_refused(self, tmp_path: Path) -> None:
        """
        Whoever can place a link chooses what is read.
        """
        link = tmp_path / "link"
        link.symlink_to(make_file(tmp_path, f"secrets: {{TOKEN: '{CANARY}'}}"))
        assert "link" in refused({"MISSION_SECRETS_FILE": str(link)}).what

    def test_of_another_user_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Its owner could change it.
        """
        path = make_file(tmp_path, f"secrets: {{TOKEN: '{CANARY}'}}")
        own = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)
        assert "uid" in refused({"MISSION_SECRETS_FILE": str(path)}).what

    def test_that_is_a_pipe_or_a_folder_is_refused_at_once(self, tmp_path: Path) -> None:
        """
        A pipe without a writer would keep the reader waiting.
        """
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe, 0o600)
        tmp_path.chmod(0o700)
        for path in (pipe, tmp_path):
            assert "regular" in refused({"MISSION_SECRETS_FILE": str(path)}).what

    def test_that_is_not_there_is_refused_and_not_passed_over(self, tmp_path: Path) -> None:
        """
        Though the other file has the secret.
        """
        path = make_file(tmp_path, f"secrets: {{TOKEN: '{CANARY}'}}")
        refused({"MISSION_SECRETS_FILE": str(tmp_path / "none"), "REXECOP_SECRETS_FILE": str(path)})

    @pytest.mark.parametrize("name", sorted(_UNFIT))
    def test_with_a_fault_is_refused_without_showing_what_it_holds(self, tmp_path: Path, name: str) -> None:
        """
        The place of the file is named, and none of its text.
        """
        path = make_file(tmp_path, _UNFIT[name])
        assert refused({"MISSION_SECRETS_FILE": str(path)}).where == str(path)

    def test_with_a_fault_is_refused_with_its_line(self, tmp_path: Path) -> None:
        """
        The one thing the parser says that holds no secret.
        """
        path = make_file(tmp_path, f"secrets:\n  A: 'x'\n  TOKEN: '{CANARY}'\n  TOKEN: '{CANARY}'\n")
        assert "line 4" in refused({"MISSION_SECRETS_FILE": str(path)}).what


class TestAReference:
    """
    A name, and never a value.
    """

    @pytest.mark.parametrize("ref", ["", "1st", "with space", "a/b", "x" * 129, "naïve", "-a"])
    def test_that_is_no_name_is_refused_and_not_shown(self, ref: str) -> None:
        """
        It might be the secret itself, written in the wrong place.
        """
        field = attrs.fields(Secrets).environ
        with pytest.raises(DefinitionError) as caught:
            is_secret_ref(None, field, ref)
        assert not ref or ref not in caught.value.what
        error = refused({}, ref)
        assert not ref or ref not in error.what

    def test_that_is_set_to_nothing_is_refused(self) -> None:
        """
        An empty secret is a mistake, not a choice.
        """
        assert "empty" in refused({"MISSION_SECRET_TOKEN": ""}).what
