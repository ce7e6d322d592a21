"""Every page answers, in both languages; pages of rows that only services write refuse every write."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from credits import ledger
from credits.models import Budget, GrantRule, Hold, Lot, Purse, Transfer
from generation.models import Account, LoopBeat, Preferences, Share, Subject, Task, Worker
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import ApiKey, Platform
from storage.models import Artifact
from templates.models import Style, Template, TemplateVersion
from tests.admin.conftest import Hire
from tests.admin.test_accounts import VALUES
from tests.beats import let_loops_be_well
from tests.conftest import WHY

pytestmark = pytest.mark.django_db
READ_ONLY = (
    Artifact, BrowserToken, Hold, Lot, Preferences, Purse, Subject, Task, Transfer, Worker,
)  # fmt: skip
NOT_DELETABLE = (
    *READ_ONLY, ApiKey, Budget, GrantRule, Platform, Account, Share, Style, Template, TemplateVersion,
)  # fmt: skip


@pytest.fixture
def rows(finished: Callable[..., Task], recipes: None, shop: Platform) -> None:
    purse = ledger.open_purse(shop.pk, "alice")
    end = datetime(2999, 1, 1, tzinfo=UTC)
    ledger.grant(purse.pk, 15, key="lot", why=WHY, expires_at=end)
    Budget.objects.create(purse=purse, period="day", most=1000)
    key = ApiKey.objects.issue(shop, name="web")[0]
    Budget.objects.create(api_key=key, period="total", most=0)
    tokens.mint(key, tokens.Terms("alice", ["https://a.example"], ["tasks:read"], 1, timedelta(1)))
    GrantRule.objects.create(platform=shop, kind="welcome", daily_most_per_user=1, daily_most=9)
    finished(num_images=2)
    finished(prompt="stub:refuse=1", num_images=2)
    finished(prompt="stub:fail")
    Preferences.objects.create(platform=shop, user="alice", words={"num_images": 2})
    Subject.objects.create(platform=shop, user="alice", name="hero", seed=7)
    Group.objects.create(name="support")
    Worker.objects.create(name="local@here", queues=["local"], beat_at=Now(), facts={"vram": 80})


def page(model: type[Model], name: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


@pytest.mark.whole
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers(boss: Client, rows: None, language: str) -> None:
    boss.cookies["django_language"] = language
    seen = 0
    for model, model_admin in admin.site._registry.items():
        answer = boss.get(page(model, "changelist"))
        assert answer.status_code == 200, model
        assert f'lang="{language}"' in answer.content.decode()
        for row in model._default_manager.all()[:3]:
            assert boss.get(page(model, "change", row.pk)).status_code == 200, row
            assert boss.get(page(model, "history", row.pk)).status_code == 200, row
            seen += 1
        request = boss.get(page(model, "changelist")).wsgi_request
        status = 200 if model_admin.has_add_permission(request) else 403
        assert boss.get(page(model, "add")).status_code == status, model
    assert seen > 30
    for name in ("index", "password_change"):
        assert boss.get(reverse(f"admin:{name}")).status_code == 200


@pytest.mark.whole
@pytest.mark.parametrize("model", READ_ONLY)
def test_read_only_pages_refuse_every_write(boss: Client, rows: None, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    before = model._default_manager.filter(pk=row.pk).values().get()
    values = dict.fromkeys(before, "999")
    assert boss.post(page(model, "change", row.pk), values).status_code == 403
    assert boss.post(page(model, "add"), values).status_code == 403
    assert boss.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.whole
@pytest.mark.parametrize("model", NOT_DELETABLE)
def test_nobody_deletes_rows(boss: Client, rows: None, model: type[Model]) -> None:
    for row in model._default_manager.all()[:1]:
        assert boss.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        boss.post(page(model, "changelist"), chosen)
        assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("text", ["alice", "lic", "task_{0}", "{0}", "{1}"])
def test_tasks_are_found_by_id_or_user(boss: Client, finished: Any, text: str) -> None:
    task = finished()
    found = boss.get(page(Task, "changelist"), {"q": text.format(task.pk.hex, task.pk)})
    assert str(task) in found.content.decode()
    assert str(task) not in boss.get(page(Task, "changelist"), {"q": "mallory"}).content.decode()


def test_task_page_shows_pictures_and_history(boss: Client, finished: Any) -> None:
    task = finished(prompt="stub:refuse=1", num_images=2)
    html = boss.get(page(Task, "change", task.pk)).content.decode()
    start = html.index('<img src="/files/') + len('<img src="')
    link = html[start : html.index('"', start)].replace("&amp;", "&")
    assert boss.get(link)["Content-Type"] == "image/webp"
    for word in ("completed", "submitted", "claimed", "succeeded", "The generation failed"):
        assert word in html, word


def test_viewers_see_and_are_offered_nothing_more(hire: Hire, finished: Any) -> None:
    task = finished()
    viewer = hire("generation.view_task")
    html = viewer.get(page(Task, "change", task.pk)).content.decode()
    assert "/refund/" not in html
    assert "/credits/purse/" not in html
    assert viewer.get(page(Purse, "changelist")).status_code == 403
    index = viewer.get(reverse("admin:index")).content.decode()
    assert page(Task, "changelist") in index
    assert page(Purse, "changelist") not in index


def test_first_page_names_loops_that_are_not_well(boss: Client) -> None:
    let_loops_be_well()
    index = reverse("admin:index")
    assert 'id="loops"' not in boss.get(index).content.decode()
    LoopBeat.objects.filter(name="reap").update(beat_at=Now() - timedelta(seconds=100))
    LoopBeat.objects.filter(name="sweep").delete()
    listed = boss.get(index).context["ill_loops"]
    assert [name for name, _ in listed] == ["reap", "sweep"]
    assert 'id="loops"' in boss.get(index).content.decode()


def test_saving_a_share_leaves_its_counters_alone(boss: Client, alice: Any, stub: Account) -> None:
    alice.post("/api/v1/generate", {"prompt": "a star"}, format="json")
    share = Share.objects.get()
    values = {"cap": "2", "waiting": "77", "virtual_start": "99"}
    assert boss.post(page(Share, "change", share.pk), values).status_code == 302
    after = Share.objects.get()
    assert (after.cap, after.waiting, after.virtual_start) == (2, 1, share.virtual_start)


def test_providers_are_switched_and_weighed_only(boss: Client, stub: Account) -> None:
    evil = {"weight": "7", "alias": "evil", "adapter": "evil", "queue": "evil"}
    values = {**VALUES, **evil, "is_enabled": "false"}
    assert boss.post(page(Account, "change", stub.pk), values).status_code == 302
    after = Account.objects.get()
    assert (after.weight, after.is_enabled, after.alias, after.adapter) == (
        7,
        False,
        "stub",
        "stub",
    )
    assert after.queue == "local"


@pytest.mark.parametrize(
    "model",
    [
        "platforms_platform",
        "platforms_plan",
        "credits_budget",
        "credits_grantrule",
        "credits_pricerule",
    ],
)
def test_a_new_row_shows_nothing_of_the_machine(boss: Client, model: str) -> None:
    html = boss.get(reverse(f"admin:{model}_add")).content.decode()
    assert "DatabaseDefault" not in html
