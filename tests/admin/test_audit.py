"""The audit's pages: run it, read what it found, end a freeze, correct a balance."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from credits import freezes, ledger
from credits.audit import audit, list_checks
from credits.audit.runs import Standing
from credits.models import AuditRun, Freeze, Purse, Transfer
from genhub.lib.ids import new_id
from tests.admin.conftest import Hire

AUDIT_NOW = reverse("admin:credits_auditrun_audit_now")
REASON = "The receipts say otherwise."
Rich = Callable[..., Purse]


def break_purse(purse: Purse) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE credits_purse SET available = available + 7 WHERE id = %s", [purse.pk]
        )


def form_of(client: Client, address: str, amount: int, reason: str = REASON) -> dict[str, Any]:
    form = client.get(address).context["question"].form
    hidden = {field.name: str(field.value()) for field in form.hidden_fields()}
    return hidden | {"amount": amount, "reason": reason}


def unfreeze_page(row: Freeze) -> str:
    return reverse("admin:credits_freeze_unfreeze", args=[row.pk])


def adjust_page(purse: Purse) -> str:
    return reverse("admin:credits_purse_adjust", args=[purse.pk])


@pytest.fixture
def frozen(rich: Rich) -> Freeze:
    purse = rich("bob", 100)
    break_purse(purse)
    freezes.freeze(purse.pk, ["cached_balance_equals_transfers"])
    return Freeze.objects.get()


@pytest.mark.django_db(transaction=True)
def test_a_clean_audit_says_so_and_what_it_proved(hire: Hire, rich: Rich) -> None:
    rich("bob", 100)
    client = hire("credits.view_auditrun", "credits.run_audit")
    answer = client.post(AUDIT_NOW, follow=True)
    page = answer.content.decode()
    assert "Everything agrees." in page
    assert "all books" in page
    for check in list_checks().values():
        assert str(check.meaning).replace("'", "&#x27;") in page
    assert AuditRun.objects.get().findings == []
    listed = client.get(reverse("admin:credits_auditrun_changelist")).content.decode()
    assert "all agrees" in listed


@pytest.mark.django_db(transaction=True)
def test_a_broken_purse_is_shown_frozen_and_told_in_words(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 100)
    break_purse(purse)
    page = boss.post(AUDIT_NOW, follow=True).content.decode()
    assert "A purse&#x27;s balance is the sum of its transfers." in page
    assert reverse("admin:credits_purse_change", args=[purse.pk]) in page
    purse.refresh_from_db()
    assert purse.frozen_at
    row = Freeze.objects.get()
    shown = boss.get(reverse("admin:credits_freeze_change", args=[row.pk])).content.decode()
    assert "107 available, 0 held" in shown
    assert "100 available, 0 held" in shown
    assert "How it ended" not in shown
    freezes.unfreeze(purse.pk, available=100, key="a", why=ledger.Why("erin", REASON))
    shown = boss.get(reverse("admin:credits_freeze_change", args=[row.pk])).content.decode()
    assert "How it ended" in shown
    assert "erin" in shown
    assert "107 available" not in shown


@pytest.mark.django_db(transaction=True)
def test_looking_runs_nothing_and_running_takes_the_right(hire: Hire, boss: Client) -> None:
    assert boss.get(AUDIT_NOW).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = boss.cookies
    assert strict.post(AUDIT_NOW).status_code == 403
    for rights in (("credits.view_auditrun",), ("credits.run_audit",), ()):
        client = hire(*rights, name=f"dave{len(rights)}{rights}")
        assert client.post(AUDIT_NOW).status_code == 403
    assert not AuditRun.objects.exists()


@pytest.mark.django_db
def test_the_first_page_says_how_the_books_stand(hire: Hire, frozen: Freeze) -> None:
    client = hire("credits.view_auditrun")
    index = reverse("admin:index")
    assert client.get(index).content.decode().count("never") == 2
    words = {"seconds": 1, "checks": 3, "proved_until": "2026-01-01T00:00:00Z"}
    whole = AuditRun.objects.create(**words, findings=[{"check": "no_negative_balance"}])
    AuditRun.objects.create(**words | {"checks": 0})
    assert client.get(index).context["books"].whole == whole
    since = AuditRun.objects.create(**words, since=whole)
    answer = client.get(index)
    assert answer.context["books"] == Standing(whole, since, frozen=1)
    assert {"broken", "all agrees"} <= set(re.findall("broken|all agrees", answer.content.decode()))
    assert "books" not in hire("credits.view_purse", name="erin").get(index).context


@pytest.mark.django_db
def test_a_run_that_died_and_an_unknown_check_are_shown(boss: Client) -> None:
    run = AuditRun.objects.create(seconds=0, checks=0, proved_until="2026-01-01T00:00:00Z")
    page = boss.get(reverse("admin:credits_auditrun_change", args=[run.pk]))
    assert "not finished" in page.content.decode()
    finding = {"check": "an_old_check", "rows": ["1"], "count": 1, "purses": [], "freezes": True}
    later = AuditRun.objects.create(
        seconds=1, checks=3, proved_until="2026-01-01T00:00:00Z", since=run, findings=[finding]
    )
    page = boss.get(reverse("admin:credits_auditrun_change", args=[later.pk]))
    assert "an_old_check" in page.content.decode()
    assert "1 broken" in page.content.decode()


@pytest.mark.django_db
def test_a_stated_balance_ends_the_freeze(hire: Hire, frozen: Freeze) -> None:
    client = hire("credits.adjust_credits")
    page = unfreeze_page(frozen)
    listed = reverse("admin:credits_freeze_changelist")
    assert listed in client.get(reverse("admin:index")).content.decode()
    assert client.get(listed).status_code == 200
    form = form_of(client, page, 95)
    asked = client.get(page).content.decode()
    assert "Not true: A purse&#x27;s balance is the sum of its transfers." in asked
    answer = client.post(page, form, follow=True)
    assert "may pay again, with 95 credits available." in answer.content.decode()
    purse = Purse.objects.get()
    assert (purse.available, purse.frozen_at) == (95, None)
    move = Transfer.objects.get(kind="adjust")
    assert (move.actor, move.reason) == ("dave", REASON)
    assert audit() == []
    # A second click, and a second person with the page still open, change nothing.
    assert "This freeze has ended." in client.post(page, form).content.decode()
    assert client.post(page, form | {"amount": 5000}).context["question"].form is None
    assert Purse.objects.get().available == 95


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [{"amount": "-1"}, {"amount": "1.5"}, {"amount": "NaN"}, {"amount": str(2**63)}, {"amount": ""},
     {"reason": "because"}, {"once": ""}],
)  # fmt: skip
def test_wrong_statements_leave_the_freeze(
    boss: Client, frozen: Freeze, wrong: dict[str, str]
) -> None:
    page = unfreeze_page(frozen)
    answer = boss.post(page, form_of(boss, page, 95) | wrong)
    assert answer.context["question"].form.errors.keys() == wrong.keys()
    assert Purse.objects.get().frozen_at


@pytest.mark.django_db
def test_no_right_no_unfreeze(hire: Hire, frozen: Freeze) -> None:
    client = hire("credits.view_freeze", "credits.grant_credits", "credits.run_audit")
    form = {"amount": 5, "reason": REASON, "once": str(new_id())}
    assert client.post(unfreeze_page(frozen), form).status_code == 403
    address = reverse("admin:credits_freeze_change", args=[frozen.pk])
    assert unfreeze_page(frozen) not in client.get(address).content.decode()
    other = hire("credits.adjust_credits", name="erin")
    assert unfreeze_page(frozen) in other.get(address).content.decode()
    assert Purse.objects.get().frozen_at


@pytest.mark.django_db
def test_a_mistaken_grant_is_taken_back_once(hire: Hire, rich: Rich) -> None:
    purse = rich("bob", 100)
    client = hire("credits.view_purse", "credits.adjust_credits")
    form = form_of(client, adjust_page(purse), -40)
    answer = client.post(adjust_page(purse), form, follow=True)
    assert "Adjusted by -40. Available: 100 before, 60 now." in answer.content.decode()
    again = client.post(adjust_page(purse), form, follow=True)
    assert "nothing more was moved" in again.content.decode()
    client.post(adjust_page(purse), form_of(client, adjust_page(purse), 15))
    purse.refresh_from_db()
    assert purse.available == 75
    assert audit() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [{"amount": "0"}, {"amount": "1.5"}, {"amount": str(-(10**12) - 1)}, {"amount": "ten"},
     {"reason": "because"}, {"once": ""}],
)  # fmt: skip
def test_wrong_adjustments_move_nothing(boss: Client, rich: Rich, wrong: dict[str, str]) -> None:
    purse = rich("bob", 100)
    answer = boss.post(adjust_page(purse), form_of(boss, adjust_page(purse), 5) | wrong)
    assert answer.context["question"].form.errors.keys() == wrong.keys()
    assert not Transfer.objects.filter(kind="adjust").exists()


@pytest.mark.django_db
def test_nothing_is_taken_that_is_held_or_not_there(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 100)
    ledger.hold(purse.pk, 30, reference=new_id())
    answer = boss.post(adjust_page(purse), form_of(boss, adjust_page(purse), -71))
    assert "Too few credits" in answer.content.decode()
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (70, 30)


@pytest.mark.django_db
def test_no_right_no_adjustment(hire: Hire, rich: Rich) -> None:
    purse = rich("bob", 100)
    client = hire("credits.view_purse", "credits.grant_credits", "credits.refund_credits")
    form = {"amount": 5, "reason": REASON, "once": str(new_id())}
    assert client.post(adjust_page(purse), form).status_code == 403
    assert (
        "/adjust/"
        not in client.get(reverse("admin:credits_purse_change", args=[purse.pk])).content.decode()
    )


def test_every_check_says_in_a_sentence_what_it_proves() -> None:
    with translation.override("en"):
        meanings = [str(check.meaning) for check in list_checks().values()]
    assert all(text.endswith(".") and " " in text for text in meanings)
    assert len(set(meanings)) == len(meanings)
