"""What is done is what the page showed: whatever changed in between, by real transactions beside it, is shown first."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from credits import ledger
from credits.giving import request_move
from credits.last_moves import seen_of
from credits.models import Budget, GrantRequest, Kind, Purse, Transfer
from generation.models import Account, Offer, RefundRequest, RefundState, Task
from genhub.lib.errors import SeenChanged
from genhub.users.models import User
from templates.models import Style, Template, TemplateVersion
from templates.services import create_template, draft_next, mark_of, publish
from tests.admin.conftest import Hire
from tests.books import find_mistakes
from tests.conftest import WHY
from tests.races import together, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
REASON = "The star came out as a circle."
CHANGED = "This changed since you looked"


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def form_of(answer: Any, **words: Any) -> dict[str, Any]:
    """Return what the form of a question would post, with these words filled in."""
    form = answer.context["question"].form
    return {field.name: str(field.value() or "") for field in form} | words


def row_form(answer: Any, **words: Any) -> dict[str, Any]:
    """Return what the form of a row would post."""
    form = answer.context["adminform"].form
    shown = {
        field.name: value
        for field in form
        if (value := field.value()) is not None and value is not False
    }
    return shown | {"_seen": answer.context["seen"]} | words


def html(answer: Any) -> str:
    return str(answer.content.decode())


def shape() -> Template:
    return Template.objects.get(code="shape")


EDITS: list[dict[str, Any]] = [
    {"prompt": "something else entirely"},
    {"negative_prompt": "stars"},
    {"price": 0},
    {"parameters": {"shape": {"type": "string"}, "colour": {"default": "red"}, "background": {"default": "red"}}},
    {"required": ["shape", "colour"]},
    {"settings": {"num_images": 9}},
    {"name": "Other"},
    {"category": "other"},
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_a_draft_edited_after_the_question_is_not_published(
    boss: Client, edit: dict[str, Any]
) -> None:
    draft = draft_next(shape())
    address = page("templates_templateversion_publish", draft.pk)
    seen = boss.get(address).context["question"].seen
    TemplateVersion.objects.filter(pk=draft.pk).update(**edit)
    answer = boss.post(address, {"seen": seen})
    assert shape().published != draft
    assert CHANGED in html(answer)
    [mistake] = answer.context["question"].mistakes
    field = TemplateVersion._meta.get_field(next(iter(edit)))
    assert mistake.lower().startswith(str(field.verbose_name))  # type: ignore[union-attr]
    # What is shown now can be confirmed.
    assert boss.post(address, {"seen": answer.context["question"].seen}).status_code == 302
    assert shape().published == draft


@pytest.mark.parametrize("seen", [None, "", "nonsense", "prompt:0123456789abcdef"])
def test_publishing_without_having_seen_it_only_shows_it(boss: Client, seen: str | None) -> None:
    draft = draft_next(shape())
    address = page("templates_templateversion_publish", draft.pk)
    answer = boss.post(address, {} if seen is None else {"seen": seen})
    assert answer.status_code == 200
    assert answer.context["question"].seen == mark_of(draft)
    assert shape().published != draft


def test_going_back_is_asked_again_when_another_version_was_published_meanwhile(
    boss: Client,
) -> None:
    first = shape().published
    assert first is not None
    second = draft_next(shape())
    publish(second, actor="dave")
    address = page("templates_templateversion_publish", first.pk)
    seen = boss.get(address).context["question"].seen
    third = draft_next(shape())
    publish(third, actor="dave")
    assert CHANGED in html(boss.post(address, {"seen": seen}))
    assert shape().published == third


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_publish_at_the_same_moment_publish_what_was_seen() -> None:
    """Whoever comes second sees the first: the prompt that is ordered is always the one that was confirmed."""
    for number in range(12):
        draft = create_template(f"race-{number}", name="Race", prompt="a star")
        seen = mark_of(draft)

        def edit(draft: TemplateVersion = draft) -> object:
            client = Client()
            client.force_login(User.objects.get_or_create(username="erin", is_staff=True, is_superuser=True)[0])  # fmt: skip
            address = page("templates_templateversion_change", draft.pk)
            words = {"name": "Race", "media_type": "image", "prompt": "a circle", "parameters": "", "required": "", "settings": ""}  # fmt: skip
            return client.post(address, words).status_code

        def confirm(draft: TemplateVersion = draft, seen: str = seen) -> object:
            publish(draft, actor="dave", seen=seen)
            return True

        [[_, outcome]] = together(edit, confirm, lost=[SeenChanged])
        row = TemplateVersion.objects.get(pk=draft.pk)
        if outcome is SeenChanged:
            assert (row.published_at, row.prompt) == (None, "a circle")
        else:
            assert (row.published_at is not None, row.prompt) == (True, "a star")


def test_save_and_publish_publishes_what_the_form_held(boss: Client) -> None:
    draft = draft_next(shape())
    address = page("templates_templateversion_change", draft.pk)
    opened = row_form(boss.get(address), parameters=json.dumps(draft.parameters), required='["shape"]', settings="{}")  # fmt: skip
    TemplateVersion.objects.filter(pk=draft.pk).update(prompt="a {shape} of somebody else", price=1)
    answer = boss.post(address, opened | {"name": "Mine", "_publish": "1"})
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"prompt", "price"}
    assert "a {shape} of somebody else" in str(errors)
    assert shape().published != draft
    # Seen by now: saving again means it.
    again = opened | {"name": "Mine", "_publish": "1", "_seen": answer.context["seen"]}
    assert boss.post(address, again).status_code == 302
    published = shape().published
    assert published == draft
    assert published is not None
    assert (published.name, published.prompt) == ("Mine", opened["prompt"])


@pytest.mark.parametrize("name", ["budget", "style", "model"])
def test_saving_a_row_takes_back_nothing_of_somebody_else(
    boss: Client, rich: Callable[..., Purse], stub: Account, name: str
) -> None:
    rows: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
        "budget": (Budget.objects.create(purse=rich(), period="day", most=5), {"most": 500}, {}),
        "style": (Style.objects.get(code="anime"), {"suffix_en": "theirs"}, {"settings": "{}"}),
        "model": (stub.offers.get(), {"default_steps": 30}, {"sizes": ""}),
    }  # fmt: skip
    row, theirs, typed = rows[name]
    address = page(f"{row._meta.app_label}_{row._meta.model_name}_change", row.pk)
    opened = row_form(boss.get(address), **typed)
    type(row)._default_manager.filter(pk=row.pk).update(**theirs)
    answer = boss.post(address, opened)
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == set(theirs)
    assert "Somebody changed this since you opened the page" in html(answer)
    row.refresh_from_db()
    assert {field: getattr(row, field) for field in theirs} == theirs
    assert boss.post(address, opened | {"_seen": answer.context["seen"]}).status_code == 302


def refunds() -> list[int]:
    found = Transfer.objects.filter(kind=Kind.REFUND)
    return sorted(found.values_list("amount", flat=True))


def test_two_people_who_saw_the_same_refund_it_once(
    boss: Client, hire: Hire, finished: Callable[..., Task]
) -> None:
    task = finished()
    dave = hire("generation.view_task", "credits.refund_credits")
    address = page("generation_task_refund", task.pk)
    first, second = (form_of(c.get(address), reason=REASON, amount="5") for c in (boss, dave))
    assert boss.post(address, first).status_code == 302
    answer = dave.post(address, second)
    assert CHANGED in html(answer)
    assert refunds() == [5]
    # The same click again is still no second refund; and what is shown now can be confirmed.
    assert boss.post(address, first).status_code == 302
    assert dave.post(address, form_of(answer, reason=REASON, amount="2")).status_code == 302
    assert refunds() == [2, 5]
    assert find_mistakes() == []


def test_an_approval_is_of_what_was_left_when_it_was_shown(
    boss: Client, hire: Hire, finished: Callable[..., Task], settings: Settings
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 0
    task = finished(num_images=2)
    dave = hire("generation.view_task", "credits.refund_credits")
    address = page("generation_task_refund", task.pk)
    for amount in ("7", "8"):
        dave.post(address, form_of(dave.get(address), reason=REASON, amount=amount))
    seven, eight = RefundRequest.objects.order_by("amount")
    approve = page("generation_refundrequest_approve", seven.pk)
    shown = form_of(boss.get(approve), reason=REASON)
    other = page("generation_refundrequest_approve", eight.pk)
    assert boss.post(other, form_of(boss.get(other), reason=REASON)).status_code == 302
    answer = boss.post(approve, shown)
    assert CHANGED in html(answer)
    assert refunds() == [8]
    seven.refresh_from_db()
    assert (seven.state, seven.decided_by) == (RefundState.PENDING, None)
    assert boss.post(approve, form_of(answer, reason=REASON)).status_code == 302
    assert refunds() == [7, 8]
    assert find_mistakes() == []


@pytest.mark.parametrize("deed", ["grant", "adjust"])
def test_two_people_who_saw_the_same_balance_mend_it_once(
    boss: Client, hire: Hire, rich: Callable[..., Purse], deed: str
) -> None:
    purse = rich()
    dave = hire("credits.view_purse", "credits.grant_credits", "credits.adjust_credits")
    address = page(f"credits_purse_{deed}", purse.pk)
    words = {"reason": "Mends the order of Monday.", "amount": "20"}
    first, second = (form_of(c.get(address), **words) for c in (boss, dave))
    # The user's own orders do not keep staff from it.
    ledger.settle(ledger.hold(purse.pk, 10, reference=purse.pk), 10)
    assert boss.post(address, first).status_code == 302
    answer = dave.post(address, second)
    assert CHANGED in html(answer)
    assert "+20" in html(answer)
    assert "carol" in html(answer)
    assert boss.post(address, first).status_code == 302
    purse.refresh_from_db()
    assert purse.available == 110
    assert dave.post(address, form_of(answer, **words)).status_code == 302
    purse.refresh_from_db()
    assert purse.available == 130
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
def test_two_corrections_at_the_same_moment_are_one(shop: Any) -> None:
    purse = ledger.open_purse(shop.pk, "alice")
    ledger.grant(purse.pk, 100, key="first", why=WHY)
    # Each is another's: whoever does two things at once waits for oneself.
    people = [User.objects.create_user(name) for name in ("dave", "erin", "frank")]
    for _ in range(10):
        seen, before = seen_of(purse), Purse.objects.get(pk=purse.pk).available

        def correct(person: User, seen: str = seen) -> object:
            wish = GrantRequest(
                purse=purse, kind="adjust", amount=5, reason="Mends an order.", requested_by=person
            )
            return request_move(wish, seen=seen)

        [outcomes] = told(*[partial(correct, person) for person in people])
        assert sorted(outcomes) == ["done", "seen_changed", "seen_changed"]
        assert Purse.objects.get(pk=purse.pk).available == before + 5
    connection.close()


def test_rows_are_compared_whatever_they_hold(boss: Client) -> None:
    """An unchanged row is never taken for a changed one, on any page of the admin that has a form."""
    assert Offer.objects.exists()
    group = Group.objects.create(name="support")
    group.permissions.add(*Permission.objects.all()[:5])
    User.objects.create_user("dave", is_staff=True).groups.add(group)
    looked = 0
    for model, model_admin in admin.site._registry.items():
        for row in model._default_manager.all()[:2]:
            address = page(f"{model._meta.app_label}_{model._meta.model_name}_change", row.pk)
            first, second = boss.get(address), boss.get(address)
            if first.context["adminform"].form.fields:
                assert first.context["seen"] == second.context["seen"] != ""
                assert f'name="_seen" value="{first.context["seen"]}"' in html(first), model_admin
                looked += 1
    assert looked > 5
