"""S7: texts that would run scripts, in every free text of every row that staff see, on every list and page of the
admin: none runs, and the pages' policy has nothing to complain about."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import DataError, IntegrityError, connection, models, transaction
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import Page

from generation.models import Task
from genhub.users.models import User
from tests.admin.conftest import finished
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.naughty import SCRIPTS_THAT_RUN

__all__ = ["all_rows", "finished", "rows"]
# Words of the hub's own that stand in columns of text without choices: no stranger writes them, and pages look them up.
OWN_WORDS = {
    "adapter", "algorithm", "app_label", "cache_key", "codec", "codename", "conditions", "content_type", "decision", "effect", "error_code",
    "field", "hashed_key", "hashed_secret", "hint", "key", "kind", "language", "leads", "media_type", "mode", "model", "password",
    "policy", "poster_key", "prefix", "preview_key", "previous_hashed_key", "previous_secret", "quality", "queue", "resolution", "rule",
    "sealed", "secret", "sha256", "state", "thumbnail_key", "time_zone", "type", "user_sha256",
}  # fmt: skip
SHOWN_ROWS = 1
NOTE = """
    window.ran = [];
    for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = (...said) => ran.push([name, ...said]);
"""


@pytest.fixture
def boss(staff: User) -> User:
    """Who looks is who did whatever the rows say was done."""
    return staff


class Filler:
    """Hands out the texts in turn, as many as fit together."""

    def __init__(self) -> None:
        self.texts = cycle(SCRIPTS_THAT_RUN)
        self.used: set[str] = set()

    def one(self) -> str:
        text = next(self.texts)
        self.used.add(text)
        return text

    def fill(self, room: int) -> str:
        """Return texts that fit into a column together; some of them are longer than any name."""
        found = ""
        for _ in range(len(SCRIPTS_THAT_RUN)):
            text = next(self.texts)
            if len(found) + len(text) <= room:
                found += text
                self.used.add(text)
            elif found:
                break
        return found


def list_free(model: type[models.Model]) -> "Iterator[models.Field[Any, Any]]":
    """Yield the columns of a model that hold texts of people."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and not (
            field.choices or field.unique or field.primary_key or field.name in OWN_WORDS
        ):
            yield field


def fill_rows(filler: Filler) -> dict[str, set[str]]:
    """Write the texts into every row of every model that has pages; return which columns took them."""
    filled: dict[str, set[str]] = {}
    with connection.cursor() as cursor, transaction.atomic():
        # Rows that are never changed may hold such texts from their first day on.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in admin.site._registry:
            for field in list_free(model):
                room = min(field.max_length or 2000, 2000)
                for row in model._default_manager.all():
                    if not (text := filler.fill(room)):
                        break
                    try:
                        with transaction.atomic():
                            model._default_manager.filter(pk=row.pk).update(**{field.name: text})
                    except (DataError, IntegrityError):
                        break
                    filled.setdefault(model.__name__, set()).add(field.name)
        fill_metadata(filler)
    return filled


def fill_metadata(filler: Filler) -> None:
    """Write the texts into what apps say of their orders, names and values."""
    for task in Task.objects.all():
        metadata = {filler.one(): [filler.one()] for _ in range(20)}
        spec = task.spec | {"prompt": filler.fill(1000), "negative_prompt": filler.fill(1000)}
        Task.objects.filter(pk=task.pk).update(metadata=metadata, spec=spec)


def write_histories(filler: Filler, user: User) -> None:
    """Note a deed at the first row of each model, in words that come from a form."""
    for model in admin.site._registry:
        row = model._default_manager.first()
        assert row is not None, model
        LogEntry.objects.create(
            user=user, content_type=ContentType.objects.get_for_model(model), object_id=str(row.pk),
            object_repr=filler.fill(200), action_flag=CHANGE, change_message=filler.fill(500),
        )  # fmt: skip


def list_pages() -> Iterator[str]:
    """Yield the addresses of every list, its filters and its search, of a first row of each, and of what is beside."""
    yield reverse("admin:index")
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="carol")
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for row in model_admin.get_queryset(request)[:SHOWN_ROWS]:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])


@pytest.mark.timeout(900)
def test_no_text_of_a_row_runs_as_a_script(
    signed_in: Page, site: str, all_rows: None, complaints: list[str]
) -> None:
    filler = Filler()
    filled = fill_rows(filler)
    write_histories(filler, User.objects.get(username="carol"))
    assert len(filler.used) >= 50
    assert {"Task", "Style", "Platform", "Account", "Finding", "Endpoint", "Transfer", "Alert"} <= filled.keys()  # fmt: skip
    page = signed_in
    page.add_init_script(NOTE)
    shown = set()
    for address in list_pages():
        answer = page.goto(f"{site}{address}")
        assert answer
        assert answer.status < 400, address
        text = page.inner_text("body")
        shown |= {one for one in filler.used if one in text}
        # Whatever waits for a pointer or the keyboard gets both.
        page.evaluate("document.querySelectorAll('main *').forEach(one => one.dispatchEvent(new Event('mouseover')))")  # fmt: skip
        assert page.evaluate("ran") == [], address
        assert complaints == [], address
    assert len(shown) >= 50
