"""The pages that a forge shows beside the README: what they link to and name is there."""

import re
from pathlib import Path

import pytest

from tests.handbook.documents import ROOT

PAGES = sorted((ROOT / ".github").glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:tests|genhub|generation|storage|credits|templates|deploy)/[\w./-]+)`")
# What a reader who follows a recipe would write.
OWN = re.compile(r"acme")


def anchors(page: Path) -> set[str]:
    """Return the anchors that a forge gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_usual_pages_are_there() -> None:
    names = {"SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md"}
    assert names <= {page.name for page in PAGES}
    readme = (ROOT / "README.md").read_text("utf-8")
    assert {name for name in names if f".github/{name}" in readme} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in LINK.findall(text):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
    missing = [
        name for name in NAMED.findall(text) if not OWN.search(name) and not (ROOT / name).exists()
    ]
    assert missing == []
