"""The handbook's table of what each adapter is able to says what they say themselves."""

import re
from pathlib import Path

import pytest

from generation.providers.base import Provider
from generation.providers.registry import ADAPTERS, LOCAL, find_class
from generation.providers.several import OneByOne
from generation.spec import OPTIONS

HANDBOOK = Path(__file__).parents[3] / "genhub/handbook"
ROW = re.compile(r"^\| `(\w+)` " + r"\| ([^|]*) " * 8 + r"\|$", re.MULTILINE)
# What the pages call what is made, and what is there and what is not.
WORDS = {
    "en": {
        "image": "pictures", "video": "clips", "yes": "yes", "no": "–", "all": "all", "each": "a call each",
        "together": "one call", "and": ", ", "told": "its word", "tokens": "its tokens", "listed": "your list",
    },
    "zh-Hans": {
        "image": "图片", "video": "视频", "yes": "是", "no": "–", "all": "全部", "each": "逐张请求",
        "together": "一次请求", "and": "、", "told": "服务商告知", "tokens": "按其 token 数", "listed": "按价目表",
    },
}  # fmt: skip


def row_of(name: str, words: dict[str, str]) -> tuple[str, ...]:
    """Return an adapter's row: what it makes and takes, how it orders two pictures, whether it cancels, finds lost
    orders, is called back and lists what it works on, and what tells a cost."""
    adapter = find_class(name)
    able = adapter.capabilities
    makes = words["and"].join(words[kind] for kind in ("image", "video") if kind in able.makes)
    takes = ", ".join(f"`{option}`" for option in OPTIONS if option in able.takes)
    if able.takes >= set(OPTIONS):
        takes = words["all"]
    calls = words["each" if issubclass(adapter, OneByOne) else "together"]
    lists = adapter.poll_many is not Provider.poll_many
    told = (able.cancels, able.finds_lost, able.calls_back, lists)
    return (
        makes, takes, calls if "image" in able.makes else words["no"],
        *(words["yes" if one else "no"] for one in told), words[able.cost],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "begin"), [("en", "**Reference pictures**"), ("zh-Hans", "**参考图**")]
)
def test_page_says_how_many_reference_pictures_each_adapter_sends(
    language: str, begin: str
) -> None:
    page = (HANDBOOK / language / "providers.md").read_text()
    said = page.partition(begin)[2].partition("\n\n")[0]
    found = {name: int(number) for name, number in re.findall(r"`(\w+)` ([0-9]+)", said)}
    sends = {name: find_class(name).capabilities.most_references for name in ADAPTERS}
    assert found == {name: most for name, most in sends.items() if most and name != "stub"}


@pytest.mark.parametrize("language", WORDS)
def test_table_says_what_each_adapter_is_able_to(language: str) -> None:
    page = (HANDBOOK / language / "providers.md").read_text()
    found = {name: tuple(cells) for name, *cells in ROW.findall(page)}
    vendors = set(ADAPTERS) - {LOCAL, "stub"}
    assert found == {name: row_of(name, WORDS[language]) for name in vendors}
