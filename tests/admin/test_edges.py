"""The admin's doors at their edges: books that move under a form, numbers too large, names with spaces."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from credits import freezes, ledger
from credits.models import Freeze, Purse
from generation.models import Task
from genhub.lib.ids import new_id
from genhub.platforms.models import ApiKey, Platform
from tests.conftest import WHY

pytestmark = pytest.mark.django_db
REASON = "Counted by hand."


def test_credits_that_came_after_the_question_are_not_swallowed(
    boss: Client, rich: Callable[..., Purse]
) -> None:
    purse = rich("alice", 100)
    freezes.freeze(purse.pk, ["cached_balance_equals_transfers"])
    address = reverse("admin:credits_freeze_unfreeze", args=[Freeze.objects.get().pk])
    form = boss.get(address).context["question"].form
    seen = {field.name: str(field.value()) for field in form.hidden_fields()}
    # An app's grant (or a release, or a refund) comes while the person counts.
    ledger.grant(purse.pk, 50, key="late", why=WHY)
    stated = {"amount": "100", "reason": REASON}
    answer = boss.post(address, seen | stated)
    purse.refresh_from_db()
    assert (purse.available, bool(purse.frozen_at)) == (150, True)
    assert "Credits moved meanwhile" in answer.content.decode()
    # The form that comes back shows the books of now, and can be sent.
    form = answer.context["question"].form
    seen = {field.name: str(field.value()) for field in form.hidden_fields()}
    assert boss.post(address, seen | {"amount": "150", "reason": REASON}).status_code == 302
    purse.refresh_from_db()
    assert (purse.available, purse.frozen_at) == (150, None)


@pytest.mark.parametrize(("count", "total"), [(1, 2**63), (2**63, 1), (1, 10**30)])
def test_a_bulk_of_more_than_a_number_holds_is_refused(
    boss: Client, finished: Callable[..., Task], count: int, total: int
) -> None:
    task = finished()
    address = reverse("admin:generation_task_refund_all") + "?state__exact=completed"
    form = {"once": str(new_id()), "newest": str(task.pk), "reason": REASON}
    assert boss.post(address, form | {"count": count, "total": total}).status_code == 200
    assert Purse.objects.get().available == 90


def test_a_filter_that_nothing_meets_refunds_nothing(
    boss: Client, finished: Callable[..., Task]
) -> None:
    finished()
    address = reverse("admin:generation_task_refund_all") + f"?num_images={2**63}"
    assert "There is nothing to refund" in boss.get(address).content.decode()


def test_a_users_name_is_kept_letter_for_letter(boss: Client, shop: Platform) -> None:
    words = {"platform": shop.pk, "user": " alice "}
    boss.post(reverse("admin:credits_purse_open_purse"), words)
    assert Purse.objects.get().user == " alice "
    # Spaces alone are no name.
    nameless = boss.post(reverse("admin:credits_purse_open_purse"), words | {"user": "  "})
    assert nameless.status_code == 200
    key = words | {"name": "tests", "scopes": ["tasks:read"]}
    boss.post(reverse("admin:platforms_apikey_add"), key)
    assert ApiKey.objects.get().user == " alice "


@pytest.mark.parametrize("page", ["grant", "adjust"])
def test_who_writes_a_reason_knows_who_reads_it(
    boss: Client, rich: Callable[..., Purse], page: str
) -> None:
    purse = rich()
    shown = boss.get(reverse(f"admin:credits_purse_{page}", args=[purse.pk])).content.decode()
    assert "the user may read it" in shown


@pytest.mark.parametrize("page", ["x", "", "0", "-1", "99", "9" * 5000, "٣", "1.5"])
def test_page_of_the_command_search_that_is_none_is_not_found(boss: Client, page: str) -> None:
    address = reverse("admin:search")
    assert boss.get(address, {"s": "task", "page": page}).status_code == 404
    assert boss.get(address, {"s": "task", "page": "1"}).status_code == 200
