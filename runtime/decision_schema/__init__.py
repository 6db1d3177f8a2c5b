"""The decision contract: what a decision is, and which trace keys may leave. It stands beside the engine.

`runtime.compat` offers it as `decision_schema` where the original package is not installed. Read `types.py` first.
"""

from runtime.decision_schema.compat import get_current_version
from runtime.decision_schema.types import Action, FinalDecision, MismatchInfo, PacketV2, Proposal

__all__ = ["Action", "FinalDecision", "MismatchInfo", "PacketV2", "Proposal", "__version__"]

__version__ = get_current_version()
