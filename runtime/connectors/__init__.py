"""Connectors: shells that perform effects, one kind of I/O each. None holds a rule about policy, state or runs.

They are wired to missions only where `cli` and `service` start a run. Read `local_command.py` first.
"""

from runtime.connectors.command import Command
from runtime.connectors.local_command import LocalCommand

__all__ = ["Command", "LocalCommand"]
