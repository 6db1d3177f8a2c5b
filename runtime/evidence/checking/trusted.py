"""Check 12: what was run is what the checker allows: workflow, policy packs, sequence rules, catalogue and execution rules."""

from runtime.encoding.digest import digest_of
from runtime.errors import shown
from runtime.evidence.checking.outcomes import Finding, Material, asserted, failed_by, passed
from runtime.evidence.trust import Trust

__all__ = ["check_trusted"]


def check_trusted(material: Material) -> Finding:
    """
    Check 12: workflow, policies, rules, catalogue and engine are the trusted ones.
    """
    trust = material.trust
    if trust is None:
        return asserted("no trust file was given")
    used = _list_used(material)
    lines = {
        "definition": trust.definitions,
        "policy": trust.policies,
        "rules": trust.rules,
        "catalogue": trust.catalogues,
        "engine": trust.engines,
    }
    wrong = [
        f"{kind} {one} is not trusted"
        for kind, ones in used.items()
        for one in ones
        if lines[kind] and one not in lines[kind]
    ]
    wrong += _list_missing(material, trust)
    if wrong:
        return failed_by(wrong)
    open_kinds = [kind for kind, ones in used.items() if ones and not lines[kind]]
    if open_kinds:
        return asserted(f"the trust file names no {', no '.join(open_kinds)}")
    return passed(f"{', '.join(kind for kind, ones in used.items() if ones)} as trusted")


def _list_used(material: Material) -> dict[str, list[str]]:
    """
    List what the run rests on, by kind.
    """
    parts = material.parts
    policies, certificate = parts["policies"], parts["certificate"]
    proven = {} if certificate is None else certificate.thaw()
    return {
        "definition": [parts["definition"].digest],
        "policy": [] if policies is None else [digest_of(pack) for pack in policies.thaw().values()],
        "rules": [] if certificate is None else [digest_of(proven.get("rules"))],
        "catalogue": [] if certificate is None else [digest_of(proven.get("catalogue"))],
        "engine": [parts["header"]["engine"]],
    }


def _list_missing(material: Material, trust: Trust) -> list[str]:
    """
    List what the trust file has a line for and the bundle leaves out: leaving it out must not help.
    """
    parts = material.parts
    said = []
    if parts["certificate"] is None and (trust.rules or trust.catalogues):
        said.append("the trust file names what a certificate rests on, and the run carries none")
    packs = {} if parts["policies"] is None else parts["policies"].thaw()
    payloads = [step.payload.thaw() for step in parts["definition"].steps]
    absent = sorted(
        {shown(one.get("policy")) for one in payloads if one.get("operation") == "decide"} - {*map(shown, packs)}
    )
    if absent:
        said.append(f"policies {', '.join(absent)} are not in the bundle")
    return said
