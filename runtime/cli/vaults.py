"""The vault of a command: where it lies, and with what a run is sealed."""

from pathlib import Path
from typing import Final

from runtime.cli.store import Store, near
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.mission import Mission
from runtime.orchestration.sealed_inputs import holds_seal, run_digest_of
from runtime.orchestration.sealing import Sealing
from runtime.storage import FileVault
from runtime.values.seals import read_rules

__all__ = ["begin_sealing", "find_sealing", "open_vault"]

_FOLDER: Final = "vault"


def open_vault(store: Store) -> FileVault:
    """
    Give the vault under a root directory; it is made on the first write.
    """
    return FileVault(Path(near(store.root / _FOLDER)))


def begin_sealing(store: Store, mission: Mission, rules: tuple[str, ...]) -> Sealing | None:
    """
    Give what a run begins to be sealed with; None where neither mission nor caller names anything to seal.
    """
    if not rules and not mission.seals:
        return None
    return Sealing(openings=open_vault(store), rules=read_rules(rules))


def find_sealing(store: Store, checkpoint: Checkpoint) -> Sealing | None:
    """
    Give what a run goes on to be sealed with; None where nothing of it is.
    """
    vault = open_vault(store)
    is_sealed = holds_seal(checkpoint) or vault.holds_run(run_digest_of(checkpoint))
    return Sealing(openings=vault) if is_sealed else None
