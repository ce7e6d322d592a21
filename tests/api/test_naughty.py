"""S6: naughty strings in every word of an order come back letter for letter, or are refused by name; and wherever they
stand afterwards, in a log, a file, a picture or a page of staff, they are texts and nothing else."""

import csv
import io
import logging
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.export import defuse, write_line
from generation.models import Account, Task
from genhub.lib.ids import from_wire
from genhub.lib.requestid import SAFE, LineFormatter
from genhub.platforms.models import ApiKey, Platform
from storage import infotext
from storage.containers import PNG_START
from storage.texts import add_text, read_texts
from templates.models import Style, Template, TemplateVersion
from templates.services import seed_examples, seed_styles
from tests.admin.conftest import boss
from tests.naughty import KINDS

__all__ = ["boss"]
pytestmark = [pytest.mark.django_db, pytest.mark.whole]
# Spaces around them say nothing: no picture is another for them, and equal orders are found again.
TRIMMED = {"prompt", "negative_prompt"}
ALL = [text for texts in KINDS.values() for text in texts]


def test_there_are_enough_of_them() -> None:
    assert len(set(ALL)) >= 500


@pytest.fixture
def app(shop: Platform, stub: Account, settings: Settings) -> APIClient:
    """A platform's own key, whose users have no credits and need none."""
    settings.DEFAULT_IMAGE_CREDIT_COST = 0
    stub.offers.update(longest_prompt=5000)
    _, key = ApiKey.objects.issue(shop, name="tests")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def send(app: APIClient, body: dict[str, Any], **headers: str) -> Any:
    sent: dict[str, Any] = {
        f"HTTP_{name}": text.encode().decode("latin-1") for name, text in headers.items()
    }
    answer = app.post("/api/v1/generate", body, format="json", **sent)
    assert answer.status_code < 500, body
    if answer.status_code != 202:
        assert answer.headers["Content-Type"] == "application/problem+json"
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_each_comes_back_as_it_was_sent_or_is_refused_by_name(app: APIClient, kind: str) -> None:
    refused = set()
    for text in KINDS[kind]:
        words: dict[str, Any] = {
            "prompt": text,
            "negative_prompt": text,
            "metadata": {text: [text]},
            "user": text,
        }
        answer = send(app, words)
        # Who the user is, is asked once the words are right.
        while answer.status_code == 400:
            fields = {error["field"].partition(".")[0] for error in answer.json()["errors"]}
            assert fields
            assert fields <= words.keys(), (text, answer.json())
            refused.add(text)
            words = {name: word for name, word in words.items() if name not in fields}
            answer = send(app, {"prompt": "a star", "user": "alice"} | words)
        assert answer.status_code == 202, (text, answer.content)
        task = Task.objects.get(pk=from_wire("task", answer.json()["id"]))
        told = app.get(f"/api/v1/tasks/{answer.json()['id']}").json()
        kept = told | {"negative_prompt": task.spec["negative_prompt"]}
        trimmed = {name: words[name].strip() for name in TRIMMED & words.keys()}
        assert {name: kept[name] for name in words} == words | trimmed, ascii(text)
    # Texts of letters alone are nobody's to refuse.
    assert not [text for text in refused if text.isprintable() and text.strip() and len(text) <= 200]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_kept_as_an_idempotency_key_or_refused_and_never_ignored(
    app: APIClient, kind: str
) -> None:
    for text in KINDS[kind]:
        body = {"prompt": "a star", "user": "alice"}
        answers = [send(app, body, IDEMPOTENCY_KEY=text, X_REQUEST_ID=text) for _ in range(2)]
        if answers[0].status_code == 202:
            # Blank is none: RFC 9110 takes spaces around a value away.
            is_kept = bool(text.strip(" \t"))
            assert (len({answer.json()["id"] for answer in answers}) == 1) == is_kept, text
        else:
            assert answers[0].status_code == 400, text
            assert answers[0].json()["errors"][0]["field"] == "Idempotency-Key"
        given = {answer.headers["X-Request-ID"] for answer in answers}
        assert given == {text} if SAFE.fullmatch(text) else text not in given


def test_each_is_one_line_of_a_log() -> None:
    formatter = LineFormatter("%(levelname)s %(message)s")
    for text in [*ALL, "\ud800", "a\udfffb"]:
        record = logging.LogRecord("x", logging.INFO, "x", 1, "no picture for %s", (text,), None)
        line = formatter.format(record)
        assert not [letter for letter in line if is_misleading(letter)], ascii(text)
        assert len(line.splitlines()) == 1, ascii(text)
        line.encode()


MISLEADING = {"\u2028", "\u2029", *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


def is_misleading(letter: str) -> bool:
    """Return whether a letter ends a line, moves a cursor or turns the direction."""
    is_control = letter < " " or "\x7f" <= letter <= "\x9f"
    return (is_control and letter != "\t") or letter in MISLEADING


def test_each_is_a_cell_that_no_spreadsheet_runs() -> None:
    for text in ALL:
        [[cell, end]] = csv.reader(io.StringIO(write_line([text, "end"]), newline=""))
        assert (cell.removeprefix("'"), end) == (text.removeprefix("'"), "end"), ascii(text)
        assert cell == defuse(text)
        is_number = text.lstrip("+-").replace(".", "", 1).isdecimal()
        assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))  # fmt: skip


def test_each_is_read_from_a_picture_as_it_was_written() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    for text in ALL:
        said = infotext.write(text, text, {"Steps": 8, "Model": text})
        data = add_text(file.getvalue(), "parameters", said)
        assert read_texts(data)["parameters"] == said, ascii(text)
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["parameters"] == said, ascii(text)
            image.load()
        assert data.startswith(PNG_START)


class Shape(HTMLParser):
    """The elements of a page and the names of their attributes: what a text must not change."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, *sorted(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.texts.append(data)


def chunked(texts: list[str], size: int) -> list[list[str]]:
    return [texts[at : at + size] for at in range(0, len(texts), size)]


def test_pages_of_tasks_have_the_same_shape_whatever_they_show(
    app: APIClient, boss: Client
) -> None:
    sayable = [text for text in ALL if "\0" not in text]
    for texts in chunked(sayable, 100):
        pages = []
        for words in (texts, ["plain"] * len(texts)):
            body = {"prompt": "a star", "user": "alice", "metadata": {"words": words}}
            answer = send(app, body)
            assert answer.status_code == 202, answer.content
            task = Task.objects.get(pk=from_wire("task", answer.json()["id"]))
            # Lines are shown as lines.
            prompt = " ".join(" ".join(words).split())
            Task.objects.filter(pk=task.pk).update(spec=task.spec | {"prompt": prompt})
            address = reverse("admin:generation_task_change", args=[task.pk])
            pages.append(Shape(boss.get(address).content.decode()))
        assert pages[0].found == pages[1].found
        assert len(pages[0].found) > 100


def test_names_of_styles_and_templates_come_back_and_leave_their_pages_as_they_are(
    app: APIClient, boss: Client
) -> None:
    """Each is a name as staff write it; forms take spaces around a name away, and refuse what no row holds."""
    names = list(dict.fromkeys(text.strip() for text in ALL if 0 < len(text.strip()) <= 100))
    names = [name for name in names if "\0" not in name]
    shapes = []
    for words in (names, ["plain"] * len(names)):
        Style.objects.all().delete()
        Style.objects.bulk_create(
            Style(code=f"style-{number}", name_en=word, name_zh=word, position=number)
            for number, word in enumerate(words)
        )
        told = app.get("/api/v1/styles").json()["items"]
        assert {one["code"]: one["name"] for one in told} == {
            f"style-{number}": word for number, word in enumerate(words)
        }
        address = reverse("admin:templates_style_changelist")
        page = Shape(boss.get(address, {"all": ""}).content.decode())
        shapes.append(page.found)
        assert "style-7" in "".join(page.texts)
    assert shapes[0] == shapes[1]


def test_names_of_templates_come_back(app: APIClient, boss: Client) -> None:
    seed_styles()
    seed_examples()
    version = Template.objects.exclude(published=None)[0].published
    assert version
    address = reverse("admin:templates_template_changelist")
    shapes = set()
    for number, text in enumerate(ALL[::3]):
        if "\0" in text or not 0 < len(text) <= 200:
            continue
        rename(version.pk, text)
        told = app.get("/api/v1/templates").json()["items"]
        assert text in {one["name"] for one in told}, ascii(text)
        if number % 10 == 0:
            shapes.add(tuple(Shape(boss.get(address).content.decode()).found))
    assert len(shapes) == 1


def rename(version_id: Any, name: str) -> None:
    """Give a published version a name that its guard would not let anybody give."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        TemplateVersion.objects.filter(pk=version_id).update(name=name)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_each_is_searched_for_by_staff(boss: Client, app: APIClient) -> None:
    send(app, {"prompt": "a star", "user": "alice"})
    models = [Task, Style, Template, ApiKey]
    for number, text in enumerate(ALL[::5]):
        model = models[number % len(models)]
        meta = model._meta
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        assert boss.get(address, {"q": text}).status_code in {200, 302}, ascii(text)
