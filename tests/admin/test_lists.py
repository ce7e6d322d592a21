"""Lists and histories say what they hold: no made-up counts, and no list that leads nowhere."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generation.models import RefundRequest
from genhub.lib.ids import new_id
from genhub.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.whole]
MODELS: list[Any] = sorted(admin.site._registry, key=str)


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("entries", "pages"), [(1, 0), (101, 2)])
def test_a_history_counts_its_own_entries(
    boss: Client, monkeypatch: Any, model: Any, entries: int, pages: int
) -> None:
    model_admin = admin.site._registry[model]
    row = model(pk=model._meta.pk.to_python(7) if not has_uuid(model) else new_id())
    monkeypatch.setattr(model_admin, "get_object", lambda *args: row)
    monkeypatch.setattr(model, "__str__", lambda self: "a row")
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    LogEntry.objects.bulk_create(
        LogEntry(
            user=User.objects.get(), content_type=kind, object_id=str(row.pk),
            object_repr="x", action_flag=CHANGE, change_message=f"change {number}",
        )
        for number in range(entries)
    )  # fmt: skip
    answer = boss.get(page(model, "history", row.pk))
    assert answer.context["action_list"].paginator.count == entries
    assert f"{entries} entr" in text(answer)
    assert "999" not in text(answer)
    assert answer.content.decode().count("?p=") == max(pages - 1, 0)


def has_uuid(model: Any) -> bool:
    return bool(model._meta.pk.get_internal_type() == "UUIDField")


def links(answer: Any) -> list[str]:
    return re.findall(r'href="([^"]*)"', answer.content.decode())


def test_an_empty_queue_of_refunds_says_so_and_leads_on(
    boss: Client, finished: Any, settings: Settings
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 1000
    task = finished()
    words = {"amount": "5", "reason": "The picture shows a circle.", "once": str(new_id())}
    boss.post(page(type(task), "refund", task.pk), words)
    done = RefundRequest.objects.get()
    queue = page(RefundRequest, "changelist")
    answer = boss.get(queue)
    assert "No refund waits for a second person." in text(answer)
    assert "total" not in text(answer)
    assert "Reset filters" not in text(answer)
    assert "?state=all" in links(answer)
    assert reverse("admin:generation_refundbatch_changelist") in links(answer)
    every = boss.get(queue, {"state": "all"})
    assert f"refundrequest/{done.pk}/" in every.content.decode()
    assert "Refunds of every state." in text(every)


def test_a_search_in_the_queue_leads_to_the_same_search_in_all(boss: Client) -> None:
    answer = boss.get(page(RefundRequest, "changelist"), {"q": "alice"})
    assert "No refund waits" in text(answer)
    assert any(set(link[1:].split("&amp;")) == {"q=alice", "state=all"} for link in links(answer))
    assert "Reset filters" in text(answer)


@pytest.mark.parametrize("state", ["", "done", "failed", "rejected", "approved", "all", "nonsense"])
def test_every_state_of_refunds_says_what_it_shows(boss: Client, state: str) -> None:
    answer = boss.get(page(RefundRequest, "changelist"), {"state": state} if state else {})
    assert answer.status_code == 200
    assert 'id="shown"' in answer.content.decode()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("word", ["q", "id", "user", "p"])
def test_a_nul_in_the_address_breaks_no_list(boss: Client, model: Any, word: str) -> None:
    assert boss.get(page(model, "changelist"), {word: "a\0"}).status_code in {200, 302, 400}
