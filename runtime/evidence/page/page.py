"""The report on a bundle as one HTML page, for people who keep it, print it or hand it on. It ends with what is not proven.

Only what the bundle says and what the checks found stands on it. `steps.py` draws the steps, `markup.py` escapes.
"""

from typing import Any, Final

from runtime.encoding.display import shown_json
from runtime.evidence.checking.outcomes import Outcome
from runtime.evidence.page.markup import Content, Markup, build_document, element
from runtime.evidence.page.steps import draw_steps
from runtime.evidence.page.style import STYLE
from runtime.evidence.verify import NOT_PROVEN, CheckResult, Verification

__all__ = ["build_page"]

_CLASSES: Final = {
    Outcome.RE_CHECKED: "outcome good",
    Outcome.ASSERTED: "outcome word",
    Outcome.NO_INFORMATION: "outcome none",
    Outcome.FAILED: "outcome bad",
}
_LONGEST_VALUE: Final = 4000
"""Characters of an input that are shown; the whole of it stands in the bundle."""


def build_page(verification: Verification) -> bytes:
    """
    Build the page.

    Returns:
        One self-contained HTML file in UTF-8: no script, nothing that is loaded from anywhere.
    """
    parts = verification.material.parts
    header, receipt = parts.get("header"), parts.get("receipt")
    title = "A run that cannot be read" if header is None or receipt is None else _name(header, receipt)
    status = "unknown" if receipt is None else receipt["status"]
    body = element(
        "main",
        element(
            "header", element("h1", title), element("p", "How the run ended, as the bundle says: ", _strong(status))
        ),
        _show_verdict(verification),
        _section("What the run did", *draw_steps(verification.material)),
        _section("Checks", _show_checks(verification.results)),
        _section("Inputs, as the bundle says", _show_inputs(parts)),
        _section("Digests", _show_digests(verification)),
        element(
            "footer",
            element("h2", "What is not proven by any of it"),
            element("ul", *(element("li", one) for one in NOT_PROVEN)),
        ),
    )
    return build_document(title=f"Verification of {title}", style=STYLE, body=element("body", body))


def _name(header: Any, receipt: Any) -> str:  # noqa: ANN401 - records as JSON objects.
    name = f"{header['mission']} {header['mission_version']}" if header["mission"] else receipt["id"]
    return str(name)


def _strong(text: str) -> Markup:
    return element("strong", text)


def _section(title: str, *content: Content) -> Markup:
    return element("section", element("h2", title), *content)


def _show_verdict(verification: Verification) -> Markup:
    missed = [result.check.number for result in verification.results if not result.holds]
    if missed:
        said = f"Of the required checks these are not re-checked: {', '.join(missed)}."
        return element("section", element("p", _strong("DOES NOT HOLD")), element("p", said), class_="verdict bad")
    said = "Each required check is re-checked."
    return element("section", element("p", _strong("Holds")), element("p", said), class_="verdict good")


def _show_checks(results: tuple[CheckResult, ...]) -> Markup:
    names = ("check", "outcome", "what was found")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    return element("table", element("thead", head), element("tbody", *map(_show_check, results)))


def _show_check(result: CheckResult) -> Markup:
    check, finding = result.check, result.finding
    return element(
        "tr",
        element(
            "th",
            f"{check.number}. {check.title}",
            element("p", "required" if result.is_required else "", class_="soft"),
            scope="row",
        ),
        element("td", element("span", finding.outcome.value, class_=_CLASSES[finding.outcome])),
        element(
            "td", element("p", finding.detail), element("p", f"Who could still have lied: {check.liars}", class_="soft")
        ),
    )


def _show_inputs(parts: dict[str, Any]) -> Markup:
    context = parts.get("context")
    inputs = {
        "params": parts.get("params"),
        "context": None if context is None else context.initial_state,
        "metadata": None if context is None else context.metadata,
    }
    shown = {
        name: "none" if value is None else shown_json(value.thaw(), _LONGEST_VALUE) for name, value in inputs.items()
    }
    return element(
        "dl",
        *(part for name, text in shown.items() for part in (element("dt", name), element("dd", element("code", text)))),
    )


def _show_digests(verification: Verification) -> Markup:
    material = verification.material
    header, receipt = material.parts.get("header"), material.parts.get("receipt")
    digests = {
        "bundle": material.digest,
        "trust file": "none was given" if material.trust is None else material.trust.digest,
    }
    if receipt is not None:
        digests |= {
            "receipt": receipt.digest,
            "final state": receipt["final_state_digest"],
            "lineage head": receipt["lineage_head"],
        }
    if header is not None:
        named = {name.removesuffix("_digest"): header[name] for name in header if name.endswith("_digest")}
        digests |= {name: digest or "none" for name, digest in named.items()}
    return element(
        "dl",
        *(
            part
            for name, text in digests.items()
            for part in (element("dt", name), element("dd", element("code", text)))
        ),
    )
