"""The engine to beat: whole copies of the state at every step, and the standard library's JSON for its digest.

It does what the first engine of this kind does when nobody thinks about cost. It checks nothing and records nothing but
digests, so it is no slower than it must be.
"""

import json
from copy import deepcopy
from hashlib import sha256
from typing import Any

__all__ = ["Change", "run_naive"]

Change = tuple[tuple[str | int, ...], Any]
"""Where to write (keys and indices from the root), and what."""


def run_naive(state: dict[str, Any], changes: list[Change]) -> list[str]:
    """
    Apply one change a step.

    Returns:
        The digest of the state after each step.
    """
    digests = []
    snapshots = []
    for (*above, last), value in changes:
        state = deepcopy(state)
        parent: Any = state
        for token in above:
            parent = parent[token]
        parent[last] = value
        snapshots.append(deepcopy(state))
        digests.append(sha256(json.dumps(state, sort_keys=True).encode()).hexdigest())
    return digests
