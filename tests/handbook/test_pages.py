"""The handbook as it is served: both languages, whole, linked, safe, kept by the reader's browser."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from genhub.handbook.rendering import (
    FOLDERS,
    INDEX,
    SUBJECTS,
    BrokenLink,
    list_pages,
    render,
    resolve_link,
    resolve_picture,
)
from genhub.handbook.views import draw_page
from genhub.settings.unfold import UNFOLD
from tests.handbook.documents import CHINESE, ENGLISH, ROOT

pytestmark = pytest.mark.whole

ADDRESSES = ["/handbook/", *(f"/handbook/{subject}/" for subject in SUBJECTS)]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
LONGEST_README, LARGEST_PICTURE_BYTES = 150, 200_000


class Reading(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.names |= set(values)
        if "id" in values:
            self.anchors.add(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        elif "src" in values or tag == "link":
            self.loads.append(values.get("src") or values["href"])


@pytest.fixture
def reader() -> Client:
    """A browser without a key or a session."""
    return Client()


def read(reader: Client, address: str, language: str = "en") -> Reading:
    answer = reader.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, address
    return Reading(answer.content.decode())


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_and_picture_leads_somewhere(
    reader: Client, address: str, language: str
) -> None:
    page = read(reader, address, language)
    # What the frame links to: the API's page, the admin, the other language.
    elsewhere = {"/api/docs", "/admin/", "?lang=en", "?lang=zh-hans"}
    for link in set(page.links) - elsewhere:
        path, _mark, anchor = link.partition("#")
        target = read(reader, path, language) if path else page
        assert not anchor or unquote(anchor) in target.anchors, link
    for load in page.loads:
        assert finders.find(load.removeprefix("/static/")), load


@pytest.mark.parametrize("language", FOLDERS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_on_a_page_needs_what_the_policy_refuses(
    reader: Client, address: str, language: str
) -> None:
    page = read(reader, address, language)
    assert not page.tags & {"script", "style", "iframe", "form"}
    assert not [name for name in page.names if name == "style" or name.startswith("on")]
    assert not [load for load in page.loads if not load.startswith("/static/")]
    policy = reader.get(address).headers["Content-Security-Policy"]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert {said[name] for name in ("default-src", "script-src", "object-src")} == {"'none'"}
    assert said["style-src"] == said["img-src"] == "'self'"


def test_a_page_reads_the_same_way_in_both_languages() -> None:
    for english, chinese in zip(list_pages("en"), list_pages("zh-hans"), strict=True):
        assert [h.level for h in english.headings] == [h.level for h in chinese.headings]
        assert re.search(r"[\u4e00-\u9fff]", chinese.title)
        assert not re.search(r"[\u4e00-\u9fff]", english.title)


@pytest.mark.parametrize(
    ("query", "accepted", "lang"),
    [
        ("", "en", "en"),
        ("", "zh-CN", "zh-hans"),
        ("?lang=zh-hans", "en", "zh-hans"),
        ("?lang=zh", "en", "zh-hans"),
        ("?lang=en", "zh-hans", "en"),
        ("?lang=xx", "zh-hans", "zh-hans"),
        ("?lang=%00../../", "fr", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_browsers(
    reader: Client, query: str, accepted: str, lang: str
) -> None:
    answer = reader.get(f"/handbook/{query}", headers={"accept-language": accepted})
    assert f'<html lang="{lang}">' in answer.content.decode()
    assert answer.headers["Content-Language"] == lang
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))


def test_the_language_asked_for_stays(reader: Client) -> None:
    reader.get("/handbook/?lang=zh-hans", headers={"accept-language": "en"})
    assert (
        "下单" in reader.get("/handbook/order/", headers={"accept-language": "en"}).content.decode()
    )


def test_a_page_that_the_browser_has_is_not_sent_again(reader: Client) -> None:
    first = reader.get("/handbook/run/")
    etag = first.headers["ETag"]
    again = reader.get("/handbook/run/", headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-cache"
    other = reader.get("/handbook/run/?lang=zh-hans", headers={"if-none-match": etag})
    assert other.status_code == 200
    assert reader.head("/handbook/run/").headers["ETag"]
    assert reader.post("/handbook/run/").status_code == 405


def test_a_page_is_rendered_once_by_each_process(reader: Client) -> None:
    reader.get("/handbook/credits/", headers={"accept-language": "en"})
    before = draw_page.cache_info()
    reader.get("/handbook/credits/", headers={"accept-language": "en"})
    after = draw_page.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


@pytest.mark.parametrize("subject", ["nothing", "index", "..%2Fen", "start.md", "start/more"])
def test_an_unknown_subject_answers_the_way_to_those_there_are(
    reader: Client, subject: str
) -> None:
    for language, words in (("en", "There is no such page"), ("zh-hans", "没有这个页面")):
        answer = reader.get(f"/handbook/{subject}/", headers={"accept-language": language})
        page = Reading(text := answer.content.decode())
        assert answer.status_code == 404
        assert words in text
        assert set(ADDRESSES) <= set(page.links)


def test_admin_and_api_lead_to_the_handbook(reader: Client) -> None:
    links = [str(item["link"]) for g in UNFOLD["SIDEBAR"]["navigation"] for item in g["items"]]
    assert "/handbook/" in links
    schema = reader.get("/api/schema", headers={"accept": "application/json"}).json()
    assert schema["externalDocs"]["url"] == "/handbook/"


@pytest.mark.parametrize(
    "target", ["order.txt", "../README.md", "javascript:alert(1)", "nothing.md"]
)
def test_a_link_that_leads_nowhere_is_refused(target: str) -> None:
    with pytest.raises(BrokenLink, match=re.escape(target)):
        resolve_link(target)
    with pytest.raises(BrokenLink):
        resolve_picture(target)


@pytest.mark.parametrize("path", [*ENGLISH, *CHINESE], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there_for_readers_of_the_repository(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        file = target.partition("#")[0]
        if file and not file.startswith("https://"):
            found = path.parent / file
            assert found.is_file(), target
            assert (
                found.suffix not in {".webp", ".png"}
                or found.stat().st_size <= LARGEST_PICTURE_BYTES
            )


def test_no_html_and_no_script_gets_through_a_page() -> None:
    html, headings = render(
        "# A <b>title</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) <i onclick=y>z</i>"
    )
    assert Reading(html).tags == {"h1", "p"}
    assert [heading.title for heading in headings] == ["A <b>title</b>"]


def test_a_line_of_chinese_ends_without_a_space() -> None:
    assert render("同一个\n句子，\n和 code\nwords")[0] == "<p>同一个句子，和 code\nwords</p>\n"


def test_readme_fits_a_page() -> None:
    for path in (ENGLISH[0], CHINESE[0]):
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST_README


def test_every_page_is_in_the_index_and_the_readme() -> None:
    for readme, folder in ((ENGLISH[0], "en"), (CHINESE[0], "zh-Hans")):
        index = (ROOT / "genhub" / "handbook" / folder / f"{INDEX}.md").read_text("utf-8")
        for subject in SUBJECTS:
            assert f"({subject}.md)" in index
            assert f"handbook/{folder}/{subject}.md" in readme.read_text("utf-8")
