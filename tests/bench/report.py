"""The report of a bench: rows, the machine class, one Markdown page. It names no host, no path and no date."""

import os
import platform
import ssl
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import attrs

__all__ = ["Row", "publish", "ratio_row", "render", "shown_time"]


@attrs.frozen(kw_only=True)
class Row:
    """
    One line. Without a target it informs only; a value of None could not be measured.
    """

    case: str
    value: float | None
    unit: str
    basis: str
    """What the value was worked out from."""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        """
        Whether the target is met; empty without one.
        """
        if self.at_most is None and self.at_least is None:
            return ""
        if self.value is None:
            return "not measured"
        is_over = self.at_most is not None and self.value > self.at_most
        is_under = self.at_least is not None and self.value < self.at_least
        return "miss" if is_over or is_under else "pass"

    @property
    def text(self) -> str:
        """
        The line in Markdown.
        """
        value = "" if self.value is None else f"{_number(self.value)} {self.unit}"
        target = "" if self.at_most is None else f"≤ {self.at_most:g}"
        target = target if self.at_least is None else f"≥ {self.at_least:g}"
        return f"| {self.case} | {value} | {target} | {self.verdict} | {self.basis} |"


def ratio_row(
    case: str, over: float, under: float, *, at_most: float | None = None, at_least: float | None = None
) -> Row:
    """
    Give the row of one time in seconds divided by another.
    """
    basis = f"{shown_time(over)} / {shown_time(under)}"
    return Row(case=case, value=over / under, unit="x", basis=basis, at_most=at_most, at_least=at_least)


def shown_time(seconds: float) -> str:
    """
    Write a time for people.
    """
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def render(title: str, *, command: str, method: str, tables: Mapping[str, Sequence[Row]]) -> str:
    """
    Write the page.
    """
    lines = [f"# {title}", "", f"Made by `{command}`.", "", method.strip(), f"- {_machine()}"]
    for heading, rows in tables.items():
        lines += ["", f"## {heading}", "", "| Case | Value | Target | Verdict | From |", "|---|---|---|---|---|"]
        lines += [row.text for row in rows]
    return "\n".join(lines) + "\n"


def publish(out: Path, text: str, tables: Mapping[str, Sequence[Row]]) -> int:
    """
    Write a page and print it; gives the exit status: 1 when a target is missed.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    print(text)
    return int(any(row.verdict == "miss" for rows in tables.values() for row in rows))


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _machine() -> str:
    return (
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; "
        f"{platform.python_implementation()} {platform.python_version()}, orjson {version('orjson')}, "
        f"rfc8785 {version('rfc8785')}, attrs {version('attrs')}, {ssl.OPENSSL_VERSION}."
    )


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
