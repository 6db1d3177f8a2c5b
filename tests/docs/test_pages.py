"""Every page runs, every link leads somewhere, and every page can be reached."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

_find_links = re.compile(r"\]\(([^)\s]+)\)").findall


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def _marked(path: Path) -> ParameterSet:
    # A page that starts programs takes seconds.
    return pytest.param(path, id=_name(path), marks=[pytest.mark.slow] if "```console" in path.read_text() else [])


@pytest.mark.parametrize("page", [_marked(page) for page in PAGES])
def test_page_shows_what_its_examples_print(page: Path, run_page: Callable[[Path], None]) -> None:
    """
    Every example of a page runs, in order, and prints what the page says.
    """
    run_page(page)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """
    A link names a file of this repository, and a heading of it where it names one.
    """
    for link in _find_links(_prose(page)):
        if "://" in link:
            continue
        file, _, heading = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.*)$", _prose(target), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
            assert heading in slugs, link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_page_names_no_place_of_one_machine(page: Path) -> None:
    """
    No page holds an absolute path of the machine it was made on.
    """
    assert not re.search(r"(?<![\w.~}])/(?:home|root|tmp|var|work|Users|private)/", page.read_text())


def test_every_page_can_be_reached_from_the_readme() -> None:
    """
    Following links from the README leads to every page.
    """
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        files = (link.partition("#")[0] for link in _find_links(_prose(page)) if "://" not in link)
        waiting += [(page.parent / file).resolve() for file in files if file]
    assert set(PAGES) <= reached
