"""With a right, staff see what that right is about: no page shows a balance, a prompt or a name beside it."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from credits import freezes, ledger
from credits.models import Budget, GrantRequest, Purse
from generation.models import Account, Preferences, RefundBatch, RefundRequest, Subject, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Platform
from genhub.users.models import User
from tests.admin.conftest import Hire
from tests.conftest import WHY

pytestmark = [pytest.mark.django_db, pytest.mark.whole]
BALANCE, USER, PROMPT = "7654321", "zq-alice", "zq-prompt a star"
REASON = "The picture shows a circle, not a star."
VIEWS = sorted(
    f"{model._meta.app_label}.view_{model._meta.model_name}" for model in admin.site._registry
)
DEEDS = (
    "credits.adjust_credits", "credits.grant_credits", "credits.refund_credits", "credits.run_audit",
    "generation.approve_refunds", "platforms.add_apikey", "platforms.change_apikey", "platforms.rotate_apikey",
    "templates.publish_template", "templates.change_templateversion", "credits.add_budget", "generation.cancel_batch",
    "generation.forget_preferences", "generation.forget_subject", "credits.approve_grants",
)  # fmt: skip
# Those whose own rows speak of a user; whoever asks for refunds or grants, or decides on them, must see whose they are.
ABOUT_USERS = {
    "credits.view_purse", "credits.view_transfer", "credits.view_hold", "credits.view_lot",
    "credits.view_budget", "credits.add_budget", "credits.view_freeze", "credits.adjust_credits",
    "credits.view_auditrun", "generation.view_task", "generation.view_share",
    "generation.view_refundrequest", "generation.view_refundbatch", "generation.approve_refunds",
    "credits.refund_credits", "platforms.view_apikey", "platforms.change_apikey", "platforms.rotate_apikey",
    "platforms.view_browsertoken", "storage.view_artifact", "generation.view_batch",
    "generation.view_preferences", "generation.view_subject", "credits.view_grantrequest", "credits.approve_grants",
    "credits.grant_credits",
}  # fmt: skip
ABOUT_PROMPTS = {
    "generation.view_task", "generation.view_refundrequest", "generation.view_refundbatch",
    "generation.approve_refunds", "credits.refund_credits",
}  # fmt: skip
# Who ends a freeze states the true balance, and must see what the books say of it.
ABOUT_BALANCES = {"credits.view_purse", "credits.adjust_credits"}

FOR = ((BALANCE, ABOUT_BALANCES), (USER, ABOUT_USERS), (PROMPT, ABOUT_PROMPTS))
# Two of them differ: one was asked for alone, one with others.
MOST: dict[type[Model], int] = {RefundRequest: 2}
BOTH = ("generation.view_task", "credits.refund_credits")


@pytest.fixture
def rows(
    boss: Client, rich: Callable[..., Purse], client_of: Any, stub: Account, shop: Platform
) -> None:
    """A row of each kind about one user, whose balance is a number like no other."""
    purse = rich(USER, int(BALANCE) + 10 - 77)
    ledger.grant(purse.pk, 77, key="lot", why=WHY, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    tokens.mint(ApiKey.objects.issue(shop, name="web")[0],
                tokens.Terms(USER, ["https://app.example.com"], ["tasks:read"], 1, timedelta(minutes=9)))  # fmt: skip
    client_of(USER).post("/api/v1/batches", {"orders": [{"prompt": PROMPT}]}, format="json")
    run_queue("local")
    task = Task.objects.get()
    purse.refresh_from_db()
    assert str(purse.available) == BALANCE
    Budget.objects.create(purse=purse, period="day", most=1000)
    Preferences.objects.create(platform=shop, user=USER, words={"num_images": 2})
    Subject.objects.create(platform=shop, user=USER, name="hero", seed=7)
    Group.objects.create(name="support")
    words: dict[str, Any] = {"reason": REASON, "requested_by": User.objects.get()}
    batch = RefundBatch.objects.create(count=1, total=1, conditions=f"q={USER}", **words)
    RefundRequest.objects.create(task=task, amount=1, batch=batch, **words)
    RefundRequest.objects.create(task=task, amount=2, **words)
    GrantRequest.objects.create(purse=purse, amount=5, **words)
    freezes.freeze(purse.pk, ["no_negative_balance"])


def addresses() -> Iterator[list[str]]:
    """The pages of each kind of rows, its list first: Django's own and those of ours that do something."""
    yield [reverse("admin:index")]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"{name}_changelist")
        pages = [listed, f"{listed}?q={USER[3:]}&state=all"]
        for row in model._default_manager.all()[: MOST.get(model, 1)]:
            pages += pages_of(model_admin, name, row)
        yield pages


def pages_of(model_admin: Any, name: str, row: Model) -> Iterator[str]:
    own = re.compile(rf"{name.removeprefix('admin:')}_(\w+)")
    deeds = [
        found.group(1)
        for pattern in model_admin.get_urls()
        if pattern.name and (found := own.fullmatch(pattern.name))
    ]
    for deed in {*deeds, "change"} - {"changelist", "add", "delete"}:
        try:
            yield reverse(f"{name}_{deed}", args=[row.pk])
        except NoReverseMatch:
            yield reverse(f"{name}_{deed}")


def read_all(client: Client, groups: Iterable[list[str]]) -> dict[str, str]:
    """What this person can read, by address."""
    pages = {}
    for group in groups:
        is_refused = False
        for address in group:
            # The usual pages of rows whose list is refused are refused by the same question.
            if is_refused and re.search(r"\?|/history/$", address):
                continue
            answer = client.get(address)
            assert answer.status_code < 500, address
            is_refused = is_refused or (address == group[0] and answer.status_code == 403)
            if answer.status_code == 200:
                body = b"".join(answer) if answer.streaming else answer.content
                # What the address itself says is echoed in the search box.
                html = body.decode().replace(",", "").replace(f'value="{USER[3:]}"', "")
                pages[address] = html
    return pages


def test_a_superuser_reads_all_of_it(boss: Client, rows: None) -> None:
    """What the tests below look for does stand on the pages."""
    pages = read_all(boss, addresses())
    assert len(pages) > 60
    for word in (BALANCE, USER, PROMPT):
        assert any(word in html for html in pages.values()), word


def kinds() -> dict[frozenset[str], list[str]]:
    """Rights by what they let see; whoever holds all of a kind sees whatever one of them shows."""
    found: dict[frozenset[str], list[str]] = {}
    for right in sorted({*VIEWS, *DEEDS}):
        found.setdefault(frozenset(word for word, allowed in FOR if right in allowed), []).append(
            right
        )
    return found


@pytest.mark.parametrize("allowed", kinds(), ids=lambda kind: ",".join(sorted(kind)))
def test_rights_of_a_kind_show_nothing_of_another(
    hire: Hire, rows: None, allowed: frozenset[str]
) -> None:
    hashes = [user.password for user in User.objects.all() if user.password]
    pages = read_all(hire(*kinds()[allowed]), addresses())
    for word in {BALANCE, USER, PROMPT} - allowed:
        assert [address for address, html in pages.items() if word in html] == [], word
    assert not [a for a, html in pages.items() for secret in hashes if secret in html]


@pytest.mark.parametrize("right", sorted(ABOUT_BALANCES))
def test_those_who_must_see_a_balance_do(hire: Hire, rows: None, right: str) -> None:
    assert any(BALANCE in html for html in read_all(hire(right), addresses()).values())


def test_a_refund_tells_a_balance_only_to_those_who_may_see_purses(hire: Hire, rows: None) -> None:
    task = Task.objects.get()
    address = reverse("admin:generation_task_refund", args=[task.pk])
    for name, rights, told in (
        ("dave", BOTH, False),
        ("erin", (*BOTH, "credits.view_purse"), True),
    ):
        client = hire(*rights, name=name)
        assert ("Available now" in client.get(address).content.decode()) is told
        words = {"amount": "1", "reason": REASON, "once": str(new_id())}
        html = client.post(address, words, follow=True).content.decode()
        assert "credits refunded to zq-alice." in html
        assert ("before," in html) is told
