"""Secrets: the value a reference of the settings stands for, looked up at the moment of the call.

Rules, referred to by number below:

1. The environment comes first (`MISSION_SECRET_<REF>`), then the file that `MISSION_SECRETS_FILE` names. The older names
   `REXECOP_SECRET_<REF>` and `REXECOP_SECRETS_FILE` follow each.
2. The file is this user's alone: no link, a regular file, owned by this uid, no right for anybody else. What is checked is
   the open file, not its name. A file that is named and cannot be used is refused; it is never passed over.
3. Nothing is kept: each call looks anew. No value stands in a message, in a repr or in the cause of an error; so what the
   parser says of a faulty file is reduced to a line.

Read `http_api.py` for a user of it.
"""

import os
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.encoding.yamltext import parse_yaml
from runtime.errors import DefinitionError, EncodingError, SecretUnavailableError, shown
from runtime.limits import MAX_SECRET_LENGTH, MAX_SECRETS_BYTES

__all__ = ["Secrets", "is_secret_ref", "variable_of"]

_PREFIXES: Final = ("MISSION_SECRET_", "REXECOP_SECRET_")
_FILES: Final = ("MISSION_SECRETS_FILE", "REXECOP_SECRETS_FILE")
_ANYBODY_ELSE: Final = stat.S_IRWXG | stat.S_IRWXO
_match_ref = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,127}").fullmatch
_find_line = re.compile(r"(?:^|:|line )(\d+)").search


def is_secret_ref(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept the name of a secret, such as `DEPLOY_TOKEN` or `deploy-token`.
    """
    if type(value) is not str or _match_ref(value) is None:
        # A secret that was written where its name belongs is shown no more than any other.
        raise DefinitionError(
            f"{field.name} is no name of a secret",
            where=field.name,
            remedy="name a secret, such as DEPLOY_TOKEN: a letter, then letters, digits, `_`, `.` and `-`; never its value",
        )


def variable_of(ref: str) -> str:
    """
    Give the variable a secret is looked up in first: `deploy-token` is in `MISSION_SECRET_DEPLOY_TOKEN`.
    """
    return _PREFIXES[0] + _as_variable(ref)


def _as_variable(ref: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", ref.upper())


@final
@attrs.frozen
class Secrets:
    """
    Looks secrets up. `environ` are the variables they are looked for in, those of this process unless told otherwise.
    """

    environ: Mapping[str, str] = attrs.field(factory=lambda: os.environ, repr=False)

    def resolve(self, ref: str) -> str:
        """
        Give the value of a secret; whoever asks drops it when the call ends.

        Raises:
            SecretUnavailableError: it is not there, is empty or too long, or the file of secrets cannot be used.
        """
        if type(ref) is not str or _match_ref(ref) is None:
            raise SecretUnavailableError(
                "a reference that is no name of a secret", remedy="give a name such as DEPLOY_TOKEN"
            )
        for prefix in _PREFIXES:  # (1)
            name = prefix + _as_variable(ref)
            if name in self.environ:
                return _checked(self.environ[name], ref, where=name)
        for name in _FILES:
            if self.environ.get(name):
                found = _read(Path(self.environ[name]), name).get(ref)
                if found is not None:
                    return _checked(found, ref, where=self.environ[name])
        raise SecretUnavailableError(
            f"secret {shown(ref)} is not set",
            where=variable_of(ref),
            remedy=f"set that variable, or put {ref} under `secrets` in the file that {_FILES[0]} names",
        )


def _checked(value: object, ref: str, *, where: str) -> str:
    fault = None
    if type(value) is not str:
        fault = f"is {type(value).__name__}, not text", "write it in quotes"
    elif not value:
        fault = "is empty", "set it, or unset it where it should be found elsewhere"
    elif len(value) > MAX_SECRET_LENGTH:
        fault = f"has {len(value)} characters", f"the limit is {MAX_SECRET_LENGTH}"
    if fault is not None:
        raise SecretUnavailableError(f"secret {shown(ref)} {fault[0]}", where=where, remedy=fault[1])
    assert type(value) is str  # noqa: S101 - narrows the type.
    return value


def _read(path: Path, variable: str) -> Mapping[str, object]:
    """
    Read a file of secrets: YAML or JSON with one member `secrets`, an object of texts.
    """
    raw = _read_private(path, variable)
    line, document = "", None
    try:
        document = parse_yaml(raw).value
    except EncodingError as error:
        found = _find_line(error.where or next((fault.where for fault in error.faults), ""))
        line = f", line {found[1]}" if found else ""
    # Raised here, outside of the handler, so that no cause carries the text of the file (3).
    secrets = document.get("secrets") if type(document) is dict and set(document) == {"secrets"} else None
    if type(secrets) is not dict:
        raise SecretUnavailableError(
            f"the file of secrets cannot be read{line}",
            where=str(path),
            remedy='write `secrets:` and below it one `NAME: "value"` a line, each value in quotes',
        )
    return secrets


def _read_private(path: Path, variable: str) -> bytes:
    reason = ""
    try:
        # A link ends in ELOOP, and a pipe would otherwise keep the reader waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        reason = "it is a link" if path.is_symlink() else getattr(error, "strerror", None) or "no file name"
    if reason:
        raise SecretUnavailableError(
            f"the file of secrets cannot be opened: {reason}",
            where=str(path),
            remedy=f"let {variable} name a regular file of yours, itself and not a link to it",
        )
    try:
        _check_private(os.fstat(descriptor), path)  # (2)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(MAX_SECRETS_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(raw) > MAX_SECRETS_BYTES:
        raise SecretUnavailableError(
            "the file of secrets is too large", where=str(path), remedy=f"the limit is {MAX_SECRETS_BYTES} bytes"
        )
    return raw


def _check_private(status: os.stat_result, path: Path) -> None:
    fault = None
    if not stat.S_ISREG(status.st_mode):
        fault = "is no regular file", "give a regular file"
    elif status.st_uid != os.geteuid():
        fault = f"belongs to uid {status.st_uid}, not to {os.geteuid()}", "let its reader own it"
    elif status.st_mode & _ANYBODY_ELSE:
        fault = (
            f"can be used by others: mode {stat.S_IMODE(status.st_mode):04o}",
            f"run chmod 600 {shlex.quote(str(path))}; if others were about, replace the secrets",
        )
    if fault is not None:
        raise SecretUnavailableError(f"the file of secrets {fault[0]}", where=str(path), remedy=fault[1])
