"""A customer's page: found by the very name, whatever it is; each part for those who may see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget
from generation.models import Account, Task
from generation.refunds.one import request_refund
from genhub.admin.customers import customer_page
from genhub.lib.ids import new_id
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Platform
from genhub.retention import erasing
from genhub.users.models import User
from tests.admin.conftest import Hire
from tests.conftest import WHY

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "<script>alert(1)</script>"
# The words of a part, by the right that opens it.
PARTS = {
    "generation.view_task": "All orders of this user",
    "credits.view_purse": "Open the purse",
    "credits.view_budget": "begins anew",
    "credits.refund_credits": "The colours are wrong.",
    "platforms.view_apikey": "API keys of this user",
    "platforms.view_browsertoken": "https://shop.example",
}


def find(client: Client, user: str, **words: str) -> Any:
    return client.get(reverse("admin:generation_task_customers"), {"user": user, **words})


@pytest.fixture
def rich(shop: Platform, finished: Callable[..., Task]) -> Task:
    """Alice has one of everything."""
    task = finished()
    purse = ledger.open_purse(shop.pk, "alice")
    Budget.objects.create(purse=purse, period="day", most=1000)
    key = ApiKey.objects.issue(shop, name="hers", user="alice")[0]
    terms = tokens.Terms("alice", ["https://shop.example"], ["tasks:read"], 1, timedelta(1))
    tokens.mint(ApiKey.objects.issue(shop, name="web")[0], terms)
    person = User.objects.create_user("erin", is_staff=True)
    request_refund(task.pk, 3, request_id=new_id(), person=person, reason="The colours are wrong.")
    assert key.user == "alice"
    return task


def test_each_part_is_shown_to_those_who_may_see_it(
    hire: Hire, boss: Client, shop: Platform, rich: Task
) -> None:
    address = customer_page(shop.code, "alice")
    whole = boss.get(address).content.decode()
    assert [word for word in PARTS.values() if word not in whole] == []
    for number, (right, word) in enumerate(PARTS.items()):
        seen = hire(right, name=f"staff{number}").get(address).content.decode()
        shown = {other for other in PARTS.values() if other in seen}
        assert shown == {word}, right
    assert hire("webhooks.view_delivery", name="mallory").get(address).status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "274dadd0-55e9-46b8-9969-a8303f402121",
        "1c1e6e36cb284f158893df7b689336fc",
        "a/b?c&d=e",
        " 张三 ",
        HOSTILE,
    ],
)
def test_user_of_any_name_is_found_by_it_alone(boss: Client, shop: Platform, name: str) -> None:
    ledger.grant(ledger.open_purse(shop.pk, name).pk, 7, key="first", why=WHY)
    answer = find(boss, name)
    assert (answer.status_code, answer["Location"]) == (302, customer_page(shop.code, name))
    page = boss.get(answer["Location"])
    assert page.context["customer"].user == name
    assert HOSTILE not in page.content.decode()
    # Neither a part of a name nor other letters are it.
    for other in (name[:-1], name.strip(), name.swapcase()):
        if other != name:
            assert "No platform has a user" in find(boss, other).content.decode(), other


def test_name_of_two_platforms_leads_to_both(boss: Client, shop: Platform) -> None:
    other = Platform.objects.create(code="other", name=HOSTILE)
    for platform in (shop, other):
        ledger.open_purse(platform.pk, "alice")
    html = find(boss, "alice").content.decode()
    for platform in (shop, other):
        assert customer_page(platform.code, "alice").replace("&", "&amp;") in html
    assert HOSTILE not in html


def test_what_is_no_customer_is_404_and_one_unseen_has_a_page(boss: Client, shop: Platform) -> None:
    assert find(boss, "alice", platform="nobody").status_code == 404
    assert find(boss, "", platform=shop.code).status_code == 404
    assert find(boss, "a\0", platform=shop.code).status_code == 404
    assert find(boss, "a", platform="\0").status_code == 404
    assert "has no purse yet" in find(boss, "nobody", platform=shop.code).content.decode()


def test_pages_of_what_is_a_customers_lead_to_them(
    boss: Client, shop: Platform, rich: Task
) -> None:
    address = customer_page(shop.code, "alice").replace("&", "&amp;")
    purse = ledger.open_purse(shop.pk, "alice")
    artifact = rich.outputs.get().artifact
    refund = rich.refund_requests.get()
    assert artifact
    for name, key in (("generation_task", rich.pk), ("credits_purse", purse.pk),
                      ("storage_artifact", artifact.pk), ("generation_refundrequest", refund.pk)):  # fmt: skip
        page = boss.get(reverse(f"admin:{name}_change", args=[key])).content.decode()
        assert address in page, name
    every = boss.get(customer_page(shop.code, "alice")).content.decode()
    where = reverse("admin:generation_task_changelist")
    start = every.index(f"{where}?") + len(where)
    listed = boss.get(where + every[start : every.index('"', start)].replace("&amp;", "&"))
    assert [task.pk for task in listed.context["cl"].result_list] == [rich.pk]


def test_command_search_knows_customers(boss: Client, hire: Hire, shop: Platform) -> None:
    ledger.open_purse(shop.pk, "Zoë/7")
    for client, is_found in ((boss, True), (hire("webhooks.view_delivery"), False)):
        found = client.get(reverse("admin:search"), {"s": "Zoë/7", "extended": "1"})
        assert (quote("Zoë/7", safe="") in found.content.decode()) is is_found


def test_deletion_of_the_users_data_is_told(boss: Client, shop: Platform, rich: Task) -> None:
    address = customer_page(shop.code, "alice")
    row = erasing.ask(shop.pk, "alice", by="carol", reason="The user asked for it.")
    assert "asked for" in boss.get(address).content.decode()
    erasing.go_on(row)
    page = boss.get(address).content.decode()
    assert str(row.pk) in page
    assert "has no purse yet" in page
    row.refresh_from_db()
    assert "User deleted at" in boss.get(customer_page(shop.code, row.user)).content.decode()


def test_page_reads_little_and_counts_nothing(
    boss: Client, shop: Platform, rich: Task, alice: APIClient, stub: Account
) -> None:
    for seed in range(5):
        alice.post("/api/v1/generate", {"prompt": "a star", "seed": seed}, format="json")
    with CaptureQueriesContext(connection) as frame:
        boss.get(reverse("admin:generation_task_customers"))
    with CaptureQueriesContext(connection) as whole:
        boss.get(customer_page(shop.code, "alice"))
    # The session, the person, and what the menu counts stand on every page.
    every = {query["sql"] for query in frame.captured_queries}
    own = [query["sql"] for query in whole.captured_queries if query["sql"] not in every]
    assert 8 < len(own) <= 15, "\n".join(own)
    assert len(whole) <= 24
    assert not [sql for sql in own if "count(" in sql.lower()]
