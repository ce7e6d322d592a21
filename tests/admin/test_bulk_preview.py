"""A bulk refund takes the users that were meant, and names them and its filter before and after it is confirmed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credits import ledger
from credits.models import Transfer
from generation.models import Account, RefundBatch, RefundRequest, Task
from generation.refunds import bulk
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.conftest import WHY

pytestmark = pytest.mark.django_db
REASON = "All pictures of that hour were grey."
BULK = reverse("admin:generation_task_refund_all")


@pytest.fixture
def order(client_of: Any, stub: Account) -> Callable[..., Task]:
    """An order of a user that was made and paid for."""

    def make(platform: Platform, user: str, prompt: str = "a star") -> Task:
        ledger.grant(
            ledger.open_purse(platform.pk, user).pk, 100, key=f"{platform.code}:{user}", why=WHY
        )
        client = client_of(user, platform=platform)
        answer = client.post("/api/v1/generate", {"prompt": prompt}, format="json")
        assert answer.status_code == 202, answer.json()
        run_queue("local")
        return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))

    return make


def read(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def confirm(client: Client, **query: str) -> str:
    """Confirm what a preview shows, and return its words."""
    shown = client.get(BULK, query)
    form = shown.context["question"].form
    words = {name: form[name].value() for name in ("once", "newest", "count", "total")}
    address = shown.wsgi_request.get_full_path()
    assert client.post(address, words | {"reason": REASON}).status_code == 302
    return read(shown)


def test_a_search_takes_only_the_user_of_that_very_name(
    boss: Client, shop: Platform, order: Callable[..., Task]
) -> None:
    other = Platform.objects.create(code="other", name="Other shop")
    task = order(shop, "alice")
    namesake = order(other, "alice")
    for user, prompt in (("malice", "a star"), ("Alice", "a star"), ("bob", "alice in the woods")):
        order(other, user, prompt)
    listed = boss.get(reverse("admin:generation_task_changelist"), {"q": "alice"})
    assert len(listed.context["cl"].result_list) == 5
    shown = confirm(boss, q="alice")
    assert "User or id of the task is exactly “alice”" in shown
    assert "alice @ Shop: 1 task, 10 credits" in shown
    assert "alice @ Other shop: 1 task, 10 credits" in shown
    for wrong in ("malice @", "Alice @", "bob @", "q=alice"):
        assert wrong not in shown
    assert {r.task_id for r in RefundRequest.objects.all()} == {task.pk, namesake.pk}
    bulk.refund_approved()
    assert {t.purse.user for t in Transfer.objects.filter(kind="refund")} == {"alice"}


@pytest.mark.parametrize("user", ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "订单 用户", "a%b_c"])
def test_users_of_any_name_are_taken_by_it(
    boss: Client, shop: Platform, order: Callable[..., Task], user: str
) -> None:
    task = order(shop, user)
    order(shop, "a-b-c")
    confirm(boss, q=user)
    assert [r.task_id for r in RefundRequest.objects.all()] == [task.pk]


def test_a_task_is_taken_by_its_id(
    boss: Client, shop: Platform, order: Callable[..., Task]
) -> None:
    task = order(shop, "alice")
    order(shop, "alice")
    confirm(boss, q=str(task))
    assert [r.task_id for r in RefundRequest.objects.all()] == [task.pk]


@pytest.mark.parametrize("term", ["lic", "star", "alic", "alice bob", "al"])
def test_a_part_of_a_name_takes_nobody(
    boss: Client, shop: Platform, order: Callable[..., Task], term: str
) -> None:
    order(shop, "alice")
    shown = boss.get(BULK, {"q": term})
    assert shown.context["question"].form is None
    assert "There is nothing to refund" in read(shown)


def test_a_search_of_spaces_is_no_filter(
    boss: Client, shop: Platform, order: Callable[..., Task]
) -> None:
    order(shop, "alice")
    assert "Choose a filter in the list first" in read(boss.get(BULK, {"q": "  "}))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_filter_stands_in_words(
    boss: Client, shop: Platform, order: Callable[..., Task], language: str
) -> None:
    order(shop, "alice")
    boss.cookies["django_language"] = language
    query = {
        "q": "alice",
        "state__exact": "completed",
        "platform__id__exact": str(shop.pk),
        "model": "z-image-small",
        "created_at__gte": "2020-01-02 03:04:05+00:00",
        "created_at__lt": "2999-01-01T00:00:00+00:00",
        "p": "0",
    }
    shown = confirm(boss, **query)
    batch = reverse("admin:generation_refundbatch_change", args=[RefundBatch.objects.get().pk])
    for page in (shown, read(boss.get(batch))):
        for raw in ("state__exact", "platform__id", "created_at__gte", "q=alice", str(shop.pk)):
            assert raw not in page, raw
        assert "alice @ Shop" in page
        assert "z-image-small" in page
        if language == "en":
            assert "State is completed" in page
            assert "Platform is Shop" in page
            assert "Created at from" in page
            assert "before" in page
        else:
            assert "状态" in page
            assert "已完成" in page


@pytest.mark.parametrize(
    "query",
    [
        {"platform__id__exact": "nonsense"}, {"user": "alice"}, {"user__startswith": "al"},
        {"created_at__gte": "yesterday"}, {"created_at__gte": "2020-13-45 99:99:99+00:00"},
        {"nonsense": "1"}, {"spec__prompt": "a star"}, {"platform__name": "Shop"}, {"q": "\0"},
        {"template_version__isnull": "True"}, {"q": "<script>alert(1)</script>"},
    ],
)  # fmt: skip
def test_no_filter_breaks_the_preview(
    boss: Client, shop: Platform, order: Callable[..., Task], query: dict[str, str]
) -> None:
    order(shop, "alice")
    answer = boss.get(BULK, query)
    assert answer.status_code in {200, 302, 400}
    assert "<script>alert" not in answer.content.decode()


def test_many_users_are_named_and_the_others_counted(
    boss: Client, shop: Platform, order: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("alice", "bob", "carl", "dora"):
        order(shop, user)
    order(shop, "dora")
    monkeypatch.setattr(bulk, "MOST_USERS", 2)
    shown = read(boss.get(BULK, {"state__exact": "completed"}))
    assert "dora @ Shop: 2 tasks, 20 credits" in shown
    assert "alice @ Shop: 1 task, 10 credits" in shown
    assert "bob @" not in shown
    assert "and 2 more users" in shown
