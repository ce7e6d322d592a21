"""The modules that pages load: small, and made of the sources as they stand. `make panel` makes them anew."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "genhub" / "panel" / "src"
BUILT = ROOT / "genhub" / "static" / "genhub" / "panel"
MODULES = ("panel.js", "ckeditor5.js")
MOST_BYTES = 40_000
LONGEST_SOURCE = 300


@pytest.mark.parametrize("name", MODULES)
def test_module_is_built_of_the_sources_as_they_stand(name: str) -> None:
    digest = hashlib.sha256()
    for path in sorted(SOURCES.iterdir()):
        digest.update(path.read_bytes())
    said = re.match(r"/\* sources: (\w+) \*/", (BUILT / name).read_text("utf-8"))
    assert said, name
    assert said[1] == digest.hexdigest(), "build it anew: make panel"


def test_module_is_light() -> None:
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes())) for name in MODULES}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


def test_module_asks_nobody_else_and_writes_no_html() -> None:
    for name in MODULES:
        text = (BUILT / name).read_text("utf-8")
        assert set(re.findall(r"https?://[\w.-]+", text)) <= {"http://www.w3.org"}
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", text)


def test_no_source_is_longer_than_300_lines() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in SOURCES.iterdir()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_SOURCE} == {}
