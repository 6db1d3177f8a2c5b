"""Sealing: what of a run is sealed before anything is hashed, and what opens it for a connector.

The engine never seals nor opens; whoever drives a run does, under these rules:

1. Values under a seal rule become seals before the definition is built and before the first digest is taken. Params are
   checked as they are, and then sealed; the definition is built from the sealed ones.
2. No input holds a seal already: only what was sealed here is one.
3. What opens a seal is kept, durably, before anything rests on the seal. The seal key is in no record; it is destroyed
   when the run has ended.
4. A connector is given its params with the seals opened. What it gives back is sealed under the rules before it is
   recorded; where it repeats an opened value elsewhere, that place is sealed too.
5. Nothing goes on without what it takes to seal or to open.

(1) to (3) stand here and in `sealed_inputs.py`, (4) and (5) in `opening.py`. Read `encoding/seal.py` for what a seal is and `opaque.py` for what
a step may do with one. Source: contracts/evidence.md
5; docs/adr/0017-seals.md.
"""

from collections.abc import Iterable
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import JsonObject, thaw
from runtime.encoding.seal import SEAL_MEMBER, SealRule, seal_under
from runtime.errors import DefinitionError, ParamsError, SealingRequiredError, SealRefusedError, shown
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.mission import Mission
from runtime.orchestration.sealed_inputs import refuse_in, run_digest_of
from runtime.policy.pack import PolicyPack
from runtime.ports import Openings
from runtime.values.seals import Disclosure, SealSession, read_rules

__all__ = ["SEAL_REMEDY", "Sealer", "Sealing", "begin_planned", "begin_sealed", "demand_sealing"]

SEAL_REMEDY: Final = "pass seal=Sealing(openings=...), with the openings that the run began with"
"""How to mend what goes on without what it takes."""


@final
@attrs.frozen(kw_only=True)
class Sealing:
    """
    What a caller seals a run with.

    `rules` name values besides those the mission names. `key` is the seal key; without it the port draws one.
    """

    openings: Openings
    rules: tuple[SealRule, ...] = attrs.field(default=(), converter=read_rules)
    key: bytes | None = attrs.field(default=None, repr=False)


def begin_sealed(  # noqa: PLR0913 - what a run begins with.
    mission: Mission,
    params: Any,  # noqa: ANN401 - JSON, or an instance of the params class.
    ctx: ExecutionContext,
    sealing: Sealing,
    *,
    policies: Iterable[PolicyPack],
    mode: Mode | str,
) -> Checkpoint:
    """
    Seal the inputs of a run that has not begun, and give them (1).

    Raises:
        ParamsError: the params do not fit; the message says where, and nothing of the values.
        SealRefusedError: an input holds a seal, a rule of the caller finds nothing, or the mission cannot be built from
            sealed params.
    """
    if type(sealing) is not Sealing:
        raise DefinitionError(f"seal is {shown(sealing)}", where="seal", remedy="give a Sealing")
    if type(ctx) is not ExecutionContext:
        raise DefinitionError(f"context is {shown(ctx)}", where="context", remedy="give an ExecutionContext")
    document, places = _read_params(mission, params)
    if document is None:
        raise ParamsError(
            f"params of mission {mission.name!r} do not fit",
            where=", ".join(places) or "params",
            remedy="what is wrong is not told, because this run seals values; try it with others to be told",
        )
    context = ctx.initial_state.thaw()
    for name, one in (("context", context), ("metadata", thaw(ctx.metadata)), ("params", document)):
        refuse_in(name, one)
    key = sealing.openings.new_key() if sealing.key is None else sealing.key
    session = SealSession(key=key, rules=(*mission.seals, *sealing.rules))
    sealer = Sealer(session)
    sealed_context = ExecutionContext(sealer.seal(("context",), context), ctx.metadata)
    sealed_params = JsonObject(sealer.seal(("params",), document))
    for rule in sealing.rules:
        if rule.root != "outcomes" and rule.is_exact and rule not in sealer.found:
            raise SealRefusedError(
                f"seal rule {rule.text!r} finds nothing",
                where=rule.text,
                remedy="mend the path: what it means would stand unsealed in the evidence",
            )
    try:
        inputs = mission.begin(sealed_params, sealed_context, policies=policies, mode=mode)
    except ParamsError as error:
        raise SealRefusedError(
            f"mission {mission.name!r} takes no seal there: {error}",
            where=error.where or ", ".join(fault.where for fault in error.faults),
            remedy="let the type of the field hold a Seal, as in str | Seal; or do not seal it",
        ) from error
    digest = run_digest_of(inputs)
    sealing.openings.begin(digest, session)
    sealing.openings.save(digest, sealer.made)  # (3)
    return inputs


def begin_planned(mission: Mission, inputs: Checkpoint, sealing: Sealing) -> Checkpoint:
    """
    Begin a run whose inputs were planned, and so are not sealed: what is sealed are its outcomes.

    Raises:
        SealRefusedError: the caller wants more.
    """
    late = [rule.text for rule in sealing.rules if rule.root != "outcomes"]
    if late:
        raise SealRefusedError(
            f"seal rules {late} for a plan", where="seal", remedy="a plan holds its inputs: seal in a run"
        )
    key = sealing.openings.new_key() if sealing.key is None else sealing.key
    session = SealSession(key=key, rules=(*mission.seals, *sealing.rules))
    sealing.openings.begin(run_digest_of(inputs), session)
    return inputs


def demand_sealing(mission: Mission, sealing: Sealing | None) -> None:
    """
    Refuse to go on without sealing where the mission names values to seal (5).

    Raises:
        SealingRequiredError: it does.
    """
    if mission.seals and sealing is None:
        named = [rule.text for rule in mission.seals]
        raise SealingRequiredError(f"mission {mission.name!r} seals {named}", where="seal", remedy=SEAL_REMEDY)


def _read_params(mission: Mission, params: Any) -> tuple[JsonValue, list[str]]:  # noqa: ANN401 - as `begin_sealed`.
    # Outside of the `except` the error is raised anew: its own text, and what it came from, hold values.
    try:
        return mission.params_document(params).thaw(), []
    except ParamsError as error:
        return None, [error.where, *(fault.where for fault in error.faults)]


@final
class Sealer:
    """
    Seals values with one key, and remembers what opens them.
    """

    def __init__(self, session: SealSession) -> None:
        """
        Take key and rules.
        """
        self._session = session
        self.made: list[Disclosure] = []
        self.found: set[SealRule] = set()

    def seal(self, root: tuple[str, ...], document: JsonValue) -> JsonValue:
        """
        Seal what the rules name in a document that enters at some path.
        """
        sealed, found = seal_under(self._session.rules, root, document, self.seal_one)
        self.found |= found
        return sealed

    def seal_one(self, path: str, value: JsonValue) -> JsonValue:
        """
        Give the seal of the value at a path.
        """
        disclosure = Disclosure.make(self._session.key, path, value)
        self.made.append(disclosure)
        return {SEAL_MEMBER: disclosure.seal}
