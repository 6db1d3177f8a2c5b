"""What the tests of connectors share: a call of one action, and the end of a process."""

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from runtime.encoding.frozen import JsonObject
from runtime.ports import Connector
from runtime.values import EffectAsk, EffectMode, EffectOutcome, Request

Perform = Callable[..., EffectOutcome]


def _make_request(action: str, params: dict[str, Any] | None = None, mode: str = "read") -> Request:
    ask = EffectAsk(connector="local_command", action=action, params=JsonObject(params or {}), mode=EffectMode(mode))
    digest = f"sha256:{'0' * 64}"
    return Request(run_digest=digest, sequence=1, step_id="act", lineage_head=digest, input_digest=digest, ask=ask)


def _perform(
    connector: Connector, action: str, params: dict[str, Any] | None = None, mode: str = "read"
) -> EffectOutcome:
    return connector.call(_make_request(action, params, mode))


@pytest.fixture
def make_request() -> Callable[..., Request]:
    """
    Make the request of one action: `make_request(action, params, mode="read")`.
    """
    return _make_request


@pytest.fixture
def perform() -> Perform:
    """
    Perform one action: `perform(connector, action, params, mode="read")`.
    """
    return _perform


def _has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A dead process stays in the table until its parent, which may be a lazy init, asks for its status.
    done = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] in ("", "Z")


@pytest.fixture
def is_gone() -> Callable[[int], bool]:
    """
    Tell whether a process that was killed is dead; death takes the system a moment.
    """

    def check(pid: int) -> bool:
        for _ in range(250):
            if _has_ended(pid):
                return True
            time.sleep(0.02)
        return False

    return check
