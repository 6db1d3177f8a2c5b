"""Connectors that stand in for others and do nothing: one answers with shapes, one says that it is off.

Both ask the other what it is (`describe`), and never to do anything.
"""

from collections.abc import Mapping
from typing import Any, final

import attrs

from runtime.connectors.outcomes import failed, succeeded
from runtime.errors import DefinitionError, EncodingError
from runtime.ports import Connector
from runtime.values.answers import EffectOutcome
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["DisabledConnector", "DryRunConnector"]


@final
@attrs.frozen
class DryRunConnector:
    """
    Answers every effect with the shape its connector declares for a dry run.
    """

    connector: Connector

    def describe(self) -> Mapping[str, Any]:
        """
        Describe the other connector.
        """
        return self.connector.describe()

    def call(self, request: Request) -> EffectOutcome:
        """
        Give the declared shape.
        """
        actions = self.connector.describe()["actions"]
        action = actions.get(request.ask.action) if isinstance(request.ask, EffectAsk) else None
        if not isinstance(request.ask, EffectAsk) or action is None:
            return failed("capability_undeclared")
        if request.ask.mode is EffectMode.READ and action["mode"] != EffectMode.READ:
            return failed("policy_denied", reason="mode_mismatch")
        if "dry_run" not in action:
            return failed("unsupported", reason="no_shape_declared")
        try:
            return succeeded(action["dry_run"])
        except (DefinitionError, EncodingError):  # A connector of another package may have declared anything.
            return failed("unsupported", reason="no_shape_declared")


@final
@attrs.frozen
class DisabledConnector:
    """
    Refuses every effect of a connector that was switched off.
    """

    connector: Connector

    def describe(self) -> Mapping[str, Any]:
        """
        Describe the other connector.
        """
        return self.connector.describe()

    def call(self, request: Request) -> EffectOutcome:  # noqa: ARG002 - the port's signature.
        """
        Refuse.
        """
        return failed("disabled")
