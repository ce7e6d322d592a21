"""Grants and corrections above the limit: who asks is told that they wait, and a second person decides at a desk."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from credits import freezes
from credits.models import Freeze, GrantKind, GrantRequest, GrantState, Purse, Transfer
from genhub.lib.ids import new_id
from tests.admin.conftest import Hire, filled
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db
REASON = "Won the contest of June."
ASKER = ("credits.view_purse", "credits.grant_credits", "credits.adjust_credits")
APPROVER = ("credits.approve_grants",)
CHINESE = "zh-hans"


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.GRANT_APPROVAL_ABOVE = 20


@pytest.fixture
def bob(rich: Callable[..., Purse]) -> Purse:
    return rich("bob", 100)


@pytest.fixture
def dave(hire: Hire) -> Client:
    """Who asks."""
    return hire(*ASKER, name="dave")


@pytest.fixture
def erin(hire: Hire) -> Client:
    """Who approves, and holds no other right."""
    return hire(*APPROVER, name="erin")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:credits_{name}", args=args)


def send(client: Client, address: str, **words: Any) -> Any:
    """Fill in the form of a page and send it."""
    form = filled(client.get(address), **{"reason": REASON} | words)
    return client.post(address, form, follow=True)


def waiting(dave: Client, bob: Purse, amount: int = 30) -> GrantRequest:
    """Let dave ask for 30 credits."""
    send(dave, page("purse_grant" if amount > 0 else "purse_adjust", bob.pk), amount=amount)
    return GrantRequest.objects.get(state=GrantState.PENDING)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def available() -> int:
    return Purse.objects.get().available


@pytest.mark.parametrize(("deed", "amount"), [("grant", 21), ("adjust", -21), ("adjust", 21)])
def test_above_the_limit_it_waits_and_says_so(
    dave: Client, bob: Purse, deed: str, amount: int
) -> None:
    address = page(f"purse_{deed}", bob.pk)
    asked = text(dave.get(address))
    assert "exceeds 20 credits" in asked
    assert "0 of 20" in asked
    answer = send(dave, address, amount=amount)
    row = GrantRequest.objects.get()
    assert answer.redirect_chain[-1][0] == page("grantrequest_change", row.pk)
    shown = text(answer)
    assert f"{amount:+d} credits wait for a second person" in shown
    # The requester sees why there is nothing to press.
    assert "You asked for this yourself" in shown
    assert page("grantrequest_approve", row.pk) not in shown
    assert available() == 100
    # Whoever looks at the purse or gives more sees what waits.
    assert page("grantrequest_change", row.pk) in text(dave.get(page("purse_change", bob.pk)))
    assert f"{amount:+d} · " in text(dave.get(address))
    history = text(dave.get(page("purse_history", bob.pk)))
    assert f"Asked for {amount:+d} credits" in history


def test_the_same_form_asks_once(dave: Client, bob: Purse) -> None:
    address, key = page("purse_grant", bob.pk), new_id()
    send(dave, address, amount=30, once=key)
    again = send(dave, address, amount=30, once=key)
    assert "This was asked for before: waits for approval." in text(again)
    assert "This was done before, differently" in text(send(dave, address, amount=31, once=key))
    assert GrantRequest.objects.count() == 1


def test_small_ones_add_up(dave: Client, bob: Purse) -> None:
    for deed, amount in (("grant", 12), ("adjust", -8)):
        send(dave, page(f"purse_{deed}", bob.pk), amount=amount)
    assert (available(), GrantRequest.objects.filter(decided_by=None).count()) == (104, 2)
    assert "20 of 20" in text(dave.get(page("purse_grant", bob.pk)))
    assert "wait for a second person" in text(send(dave, page("purse_grant", bob.pk), amount=1))
    assert available() == 104


def test_another_person_approves_and_both_are_named(
    boss: Client, dave: Client, erin: Client, bob: Purse
) -> None:
    row = waiting(dave, bob)
    address = page("grantrequest_approve", row.pk)
    assert address in text(erin.get(page("grantrequest_change", row.pk)))
    asked = text(erin.get(address))
    assert REASON in asked
    # Who may not see purses is told of no balance.
    assert "Available now" not in asked
    answer = send(erin, address, reason="I saw the list of winners.")
    assert "+30 credits moved for bob." in text(answer)
    assert available() == 130
    statement = text(boss.get(page("purse_change", bob.pk)))
    move = Transfer.objects.latest("created_at")
    for shown in (statement, text(boss.get(page("transfer_change", move.pk)))):
        assert "dave" in shown
        assert "approved by erin: I saw the list of winners." in shown
    history = text(boss.get(page("purse_history", bob.pk)))
    assert "Approved +30 credits that dave asked for" in history
    assert "This was decided before" in text(erin.post(address, {"reason": REASON}))
    assert (available(), find_mistakes()) == (130, [])


def test_who_may_see_purses_reads_the_balance(boss: Client, dave: Client, bob: Purse) -> None:
    row = waiting(dave, bob)
    address = page("grantrequest_approve", row.pk)
    assert "Available now" in text(boss.get(address))
    assert "Available: 100 before, 130 now." in text(send(boss, address))


def test_rejecting_moves_nothing(boss: Client, dave: Client, erin: Client, bob: Purse) -> None:
    row = waiting(dave, bob)
    address = page("grantrequest_reject", row.pk)
    assert send(erin, address, reason="short").context["question"].form.errors.keys() == {"reason"}
    send(erin, address, reason="There was no contest.")
    row.refresh_from_db()
    assert (row.state, row.decision) == (GrantState.REJECTED, "There was no contest.")
    history = text(boss.get(page("purse_history", bob.pk)))
    assert "Rejected +30 credits that dave asked for: There was no contest." in history
    assert page("grantrequest_change", row.pk) not in text(boss.get(page("purse_change", bob.pk)))
    assert (available(), find_mistakes()) == (100, [])


def test_nobody_approves_an_own_one_superusers_included(boss: Client, bob: Purse) -> None:
    row = waiting(boss, bob)
    for verb in ("approve", "reject"):
        address = page(f"grantrequest_{verb}", row.pk)
        assert boss.get(address).context["question"].form is None
        assert "You asked for this yourself" in text(boss.post(address, {"reason": REASON}))
    row.refresh_from_db()
    assert (row.state, available()) == (GrantState.PENDING, 100)


@pytest.mark.parametrize("rights", [(), ASKER, ("credits.view_grantrequest",)])
def test_no_right_no_decision(
    dave: Client, hire: Hire, bob: Purse, rights: tuple[str, ...]
) -> None:
    row = waiting(dave, bob)
    client = hire(*rights, name="frank")
    status = 200 if rights else 403
    assert client.get(page("grantrequest_changelist")).status_code == status
    assert client.get(page("grantrequest_change", row.pk)).status_code == status
    for verb in ("approve", "reject"):
        assert client.post(page(f"grantrequest_{verb}", row.pk), {"reason": REASON}).status_code == 403  # fmt: skip
    row.refresh_from_db()
    assert (row.state, available()) == (GrantState.PENDING, 100)


def test_what_another_mended_meanwhile_is_shown_first(
    boss: Client, dave: Client, erin: Client, bob: Purse
) -> None:
    row = waiting(dave, bob)
    address = page("grantrequest_approve", row.pk)
    form = {"reason": REASON, "seen": str(erin.get(address).context["question"].form["seen"].value())}  # fmt: skip
    send(boss, page("purse_grant", bob.pk), amount=20)
    assert "changed" in text(erin.post(address, form))
    assert available() == 120
    send(erin, address)
    assert available() == 150


def test_the_taking_of_what_is_gone_is_refused_and_waits_on(
    boss: Client, dave: Client, erin: Client, bob: Purse
) -> None:
    row = waiting(dave, bob, -90)
    send(boss, page("purse_adjust", bob.pk), amount=-20)
    assert "Too few credits" in text(send(erin, page("grantrequest_approve", row.pk)))
    row.refresh_from_db()
    assert (row.state, row.decided_by, available()) == (GrantState.PENDING, None, 80)


def test_the_end_of_a_freeze_that_moves_much_waits(dave: Client, erin: Client, bob: Purse) -> None:
    freezes.freeze(bob.pk, ["no_negative_balance"])
    freeze = Freeze.objects.get()
    address = page("freeze_unfreeze", freeze.pk)
    answer = send(dave, address, amount=500)
    row = GrantRequest.objects.get()
    assert (row.kind, row.amount, row.state) == (GrantKind.UNFREEZE, 400, GrantState.PENDING)
    assert answer.redirect_chain[-1][0] == page("grantrequest_change", row.pk)
    assert Purse.objects.get().frozen_at
    answer = send(erin, page("grantrequest_approve", row.pk))
    assert "may pay again, with 500 credits available." in text(answer)
    assert (available(), Purse.objects.get().frozen_at) == (500, None)
    freeze.refresh_from_db()
    assert (freeze.lifted_by, freeze.reason, find_mistakes()) == ("dave", REASON, [])


@pytest.mark.parametrize("language", ["en", CHINESE])
def test_the_desk_is_counted_and_each_page_speaks_both_languages(
    dave: Client, erin: Client, bob: Purse, language: str
) -> None:
    row = waiting(dave, bob)
    for client in (dave, erin):
        client.cookies["django_language"] = language
    desk = page("grantrequest_changelist")
    said = {
        "en": ("Grants to approve", "Grants and corrections that wait", "Approve: Grant: +30", "No grant or correction waits"),
        CHINESE: ("发放审批", "等待第二人审批的发放和更正。", "批准: 发放：+30 积分", "没有等待第二人审批的发放或更正。"),
    }[language]  # fmt: skip
    shown = text(erin.get(desk))
    assert said[0] in shown
    assert said[1] in shown
    assert REASON in shown
    assert badges(erin, desk) == [1]
    assert said[2] in text(erin.get(page("grantrequest_approve", row.pk)))
    send(erin, page("grantrequest_approve", row.pk))
    assert badges(erin, desk) == [0]
    assert said[3] in text(erin.get(desk))
    done = text(dave.get(desk, {"state": "all"}))
    assert page("grantrequest_change", row.pk) in done
    assert "erin" in text(dave.get(page("grantrequest_change", row.pk)))


def badges(client: Client, desk: str) -> list[int]:
    """Return the number beside the desk in the side bar."""
    groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
    items = [item for group in groups for item in group["items"]]
    return [item["badge"] for item in items if item["link"] == desk]


def test_staff_who_neither_ask_nor_decide_see_no_desk(hire: Hire) -> None:
    client = hire("credits.view_purse", name="frank")
    assert page("grantrequest_changelist") not in text(client.get(reverse("admin:index")))
