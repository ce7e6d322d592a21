"""Menu, breadcrumb and title call one thing by one word, on every page of the admin and in both languages."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.text import capfirst
from pytest_django import Settings

from credits.models import AuditRun, DefaultBudget, Freeze, GrantRequest, PriceRule, Stop
from credits.selectors import find_purse
from generation.accounts.other_names import seed_other_names
from generation.models import (
    Batch,
    BulkCancel,
    Offer,
    Queue,
    RefundBatch,
    RefundRequest,
    Task,
    TrainingJob,
    TrainingSet,
)
from genhub.alerts.models import Alert
from genhub.lib.ids import new_id
from genhub.platforms.models import Plan
from genhub.retention import erasing
from genhub.retention.models import Keeping, LegalHold, RuleReport
from genhub.settings.unfold import UNFOLD
from genhub.users.models import User
from storage import orphans, usage
from storage.models import Artifact, ReviewState, TakeDown
from templates.models import Template, TemplateVersion
from tests.admin.test_pages import rows
from tests.moderation.made import make_findings
from tests.webhooks.made import make_ids

__all__ = ["rows"]
pytestmark = pytest.mark.django_db
# A version is reached from its template's page alone.
NOT_IN_THE_MENU = {TemplateVersion}
ARROW = "chevron_right"


@pytest.fixture
def all_rows(boss: Client, rows: None, finished: Callable[..., Task], settings: Settings) -> None:
    """At least one row of everything, refunds and a freeze too."""
    task, person = finished(), User.objects.get(username="carol")
    batch = RefundBatch.objects.create(reason="A whole incident.", count=1, total=5, requested_by=person)  # fmt: skip
    for of in (None, batch):
        RefundRequest.objects.create(id=new_id(), task=task, amount=5, reason="It is no star.", batch=of, requested_by=person)  # fmt: skip
    AuditRun.objects.create(seconds=0, checks=0, proved_until="2026-01-01T00:00:00Z")
    RuleReport.objects.create(rule="order_keys", turn_at="2026-01-01T00:00:00Z")
    Plan.objects.create(code="gold", name="Gold")
    PriceRule.objects.create(name="A picture", effect="price", amount=5)
    purse_id = find_purse(task.platform_id, task.user)
    assert purse_id
    Freeze.objects.create(purse_id=purse_id, checks=["sum"])
    DefaultBudget.objects.create(platform=task.platform, period="day", most=5)
    Stop.objects.create(purse_id=purse_id, reason="A long reason.", stopped_by=person)
    GrantRequest.objects.create(purse_id=purse_id, amount=5, reason="A long reason.", requested_by=person)  # fmt: skip
    Batch.objects.create(
        platform=task.platform, user=task.user, policy="all", total=1, pending=1, price=5
    )
    BulkCancel.objects.create(reason="A long reason.", tasks=[task.pk], requested_by=person)
    Queue.objects.create(name="local")
    Alert.objects.create(
        kind=Alert.Kind.WORKER_GONE, about="local", began_at="2026-01-01T00:00:00Z"
    )
    seed_other_names()
    make_ids(task.platform)
    make_findings(task)
    taught = TrainingSet.objects.create(
        name="Mugs", offer=Offer.objects.all()[0], trigger="mugx", made_by="carol"
    )
    TrainingJob.objects.create(set=taught, asked_by="carol")
    make_kept(task, person)


def make_kept(task: Task, person: User) -> None:
    """Keep, hold and delete something."""
    Keeping.objects.create(platform=task.platform, outputs=30)
    LegalHold.objects.create(platform=task.platform, reason="A court asks.", laid_by=person)
    erasing.ask(task.platform_id, "bob", by="tests")
    Artifact.objects.filter(output__task=task).update(review=ReviewState.WAITING)
    taken = Artifact.objects.get(output__task=task)
    TakeDown.objects.create(artifact=taken, reason="A long reason.", taken_by=person)
    usage.add_up_use()
    orphans.look()


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def squeeze(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(strip_tags(html))).strip()


def crumbs_of(html: str) -> list[str]:
    """Return the parts of the breadcrumb, which is the page's heading."""
    [heading] = re.findall(r"<h1.*?</h1>", html, re.S)
    return [part.strip() for part in squeeze(heading).split(ARROW)]


def title_of(html: str) -> str:
    """Return the title without the row's name before it and the hub's after it."""
    found = re.search(r"<title>(.*?)</title>", html, re.S)
    assert found
    return squeeze(found[1]).removesuffix(" | GenHub")


def menu() -> Iterator[tuple[str, str, str]]:
    """Yield each entry's address, its words and those of its group."""
    for group in UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            yield str(item["link"]), str(item["title"]), str(group.get("title", ""))


@pytest.mark.whole
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_one_thing_has_one_word(boss: Client, all_rows: None, language: str) -> None:
    boss.cookies["django_language"] = language
    walked = 0
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="carol")
    with translation.override(language):
        entries = {link: (words, group) for link, words, group in menu()}
        for model, model_admin in admin.site._registry.items():
            names = capfirst(model._meta.verbose_name_plural)
            listed = page(model, "changelist")
            if model not in NOT_IN_THE_MENU:
                assert entries[listed][0] == names
                assert entries[listed][1]
            group = entries[page(Template, "changelist") if model in NOT_IN_THE_MENU else listed][1]
            row = model_admin.get_queryset(request).first()
            assert row is not None, model
            for address in (listed, *(page(model, n, row.pk) for n in ("change", "history"))):
                html = boss.get(address).content.decode()
                crumbs = crumbs_of(html)
                # A filtered list says its count in the same breath.
                assert (crumbs[0], f"{crumbs[1]} ".startswith(f"{names} ")) == (group, True), (
                    address
                )
                if address == listed:
                    assert title_of(html) == names
                elif address.endswith("/change/"):
                    assert crumbs[2:] == [squeeze(str(row))], address
                walked += 1
    assert walked > 60


def test_chinese_has_one_word_for_one_thing_and_for_many() -> None:
    with translation.override("zh-hans"):
        for model in admin.site._registry:
            meta = model._meta
            assert str(meta.verbose_name) == str(meta.verbose_name_plural), model
