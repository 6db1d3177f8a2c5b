"""The real SCLite, where it is installed: the extra `[sclite]`."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.errors import IntegrityError, MissingExtraError

__all__ = ["Review", "load_reviewer"]

PASS: Final = "pass"  # noqa: S105 - a verdict.


@final
@attrs.frozen(kw_only=True)
class Review:
    """
    What a review came to: the verdict, the version of SCLite that gave it, and each check that did not pass.
    """

    version: str
    verdict: str
    findings: tuple[str, ...]

    @property
    def is_pass(self) -> bool:
        """
        Tell whether the bundle passed; `review` (somebody should look) is no pass.
        """
        return self.verdict == PASS


def load_reviewer() -> Callable[[Path], Review]:
    """
    Load SCLite.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        # Imported here because it is an extra, which few need.
        from sclite.bundles import review_bundle  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "SCLite is not installed", where="--review", remedy="pip install 'sclite-core>=1.0.9,<3'"
        ) from error

    def review(folder: Path) -> Review:
        try:
            record: Any = review_bundle(folder)
            checks = [(check["name"], check["status"], check["detail"]) for check in record["checks"]]
            verdict = str(record["verdict"])
        except Exception as error:  # Foreign code: a release other than those tested may raise anything.
            raise IntegrityError(
                f"SCLite cannot review the bundle: {type(error).__name__}",
                where=str(folder),
                remedy="install a release that is supported: pip install 'sclite-core>=1.0.9,<3'",
            ) from error
        findings = tuple(f"{name}: {detail}" for name, status, detail in checks if status != PASS)
        return Review(version=version("sclite-core"), verdict=verdict, findings=findings)

    return review
