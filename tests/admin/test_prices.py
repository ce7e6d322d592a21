"""The price list in the admin: nothing wrong is saved, and nothing whose effect was not seen first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credits.models import PriceRule
from credits.previews import Preview, price_of
from credits.pricing import WORDS
from credits.tariffs import lock_rules, rules_in_force, seed_price_rules
from generation.models import Account, Task
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db

ADD = "/admin/credits/pricerule/add/"
PRICE = {"name": "Rule", "effect": "price", "amount": "7", "per": "one", "rank": "0", "is_active": "on"}  # fmt: skip
FACTOR = {"name": "Rule", "effect": "factor", "factor": "2", "per": "one", "rank": "0", "is_active": "on"}  # fmt: skip
TOMORROW = {"valid_from_0": "2999-01-01", "valid_from_1": "00:00:00"}


@pytest.fixture(autouse=True)
def price_list(stub: Account) -> None:
    """The price list that every hub starts with, and one model."""
    seed_price_rules()


def change(rule: PriceRule) -> str:
    return reverse("admin:credits_pricerule_change", args=[rule.pk])


def rule(name: str) -> PriceRule:
    return PriceRule.objects.get(name=name)


def values_of(row: PriceRule, **words: Any) -> dict[str, Any]:
    """Return what a rule's form would post."""
    names = ("name", "effect", "amount", "per", "factor", "rank", *WORDS)
    values = {name: getattr(row, name) for name in names}
    return {name: "" if value is None else value for name, value in values.items()} | {
        "is_active": "on", **words
    }  # fmt: skip


def effect_of(answer: Any) -> dict[str, tuple[int | None, int | None]]:
    """Return what a page shows: each sample order with its price now and with the rule."""
    found: Preview = answer.context["preview"]
    return {line.label: (price_of(line.before), price_of(line.after)) for line in found.lines}


def save(client: Client, address: str, values: dict[str, Any]) -> Any:
    """Look at the effect, then save."""
    shown = client.post(address, values)
    assert shown.status_code == 200
    assert shown.context["adminform"].form.errors == {}
    return client.post(address, values | {"confirmed": shown.context["preview"].token})


def errors_of(client: Client, address: str, values: dict[str, Any]) -> dict[str, list[str]]:
    answer: Any = client.post(address, values)
    assert answer.status_code == 200
    assert "preview" not in answer.context_data
    errors: dict[str, list[str]] = answer.context_data["adminform"].form.errors
    return errors


def test_effect_is_shown_before_anything_is_saved(boss: Client) -> None:
    picture = rule("Picture")
    shown = boss.post(change(picture), values_of(picture, amount="20"))
    assert shown.status_code == 200
    assert rule("Picture").amount == 10, "nothing is saved yet"
    effect = effect_of(shown)
    assert effect["A picture"] == (10, 20)
    assert effect["A picture, high quality"] == (15, 30)
    assert effect["A picture, 4k"] == (15, 30)
    assert effect["A picture, high quality, 4k"] == (23, 45)
    assert effect["4 pictures"] == (40, 80)
    assert effect["A picture, fast"] == effect["A picture, fine"] == (10, 20)
    assert effect["The model z-image-small"] == (10, 20)
    assert effect["A clip of 5 seconds"] == (50, 50)
    assert effect["A clip of 5 seconds, high quality"] == (75, 75)
    assert effect["A clip of 5 seconds, high quality, 4k"] == (113, 113)
    html = shown.content.decode()
    assert "Nothing is saved yet" in html
    assert "Picture (20) × 4k (1.5) × High quality (1.5)" in html, "what decides"
    assert "+22" in html, "what changes is marked"


def test_confirmed_rule_is_saved_logged_and_priced_by(boss: Client) -> None:
    picture = rule("Picture")
    assert save(boss, change(picture), values_of(picture, amount="20")).status_code == 302
    assert rule("Picture").amount == 20
    assert LogEntry.objects.get().get_change_message() == "Price: 10 → 20"
    new = PRICE | {"name": "Large model", "model": "z-image-small", "rank": "5"}
    assert save(boss, ADD, new).status_code == 302
    assert rule("Large model").amount == 7
    assert LogEntry.objects.count() == 2


def test_other_values_need_another_look(boss: Client) -> None:
    picture = rule("Picture")
    shown = boss.post(change(picture), values_of(picture, amount="20"))
    token = {"confirmed": shown.context["preview"].token}
    again = boss.post(change(picture), values_of(picture, amount="200") | token)
    assert effect_of(again)["A picture"] == (10, 200)
    assert rule("Picture").amount == 10


def test_list_that_changed_meanwhile_needs_another_look(boss: Client) -> None:
    picture = rule("Picture")
    values = values_of(picture, amount="20")
    shown = boss.post(change(picture), values)
    PriceRule.objects.filter(name="4k").update(factor=3)
    again = boss.post(change(picture), values | {"confirmed": shown.context["preview"].token})
    assert effect_of(again)["A picture, 4k"] == (30, 60)
    assert rule("Picture").amount == 10


def test_rule_switched_off_may_leave_orders_without_a_price(boss: Client) -> None:
    picture = rule("Picture")
    values = values_of(picture)
    del values["is_active"]
    shown = boss.post(change(picture), values)
    assert effect_of(shown)["A picture"] == (10, None)
    assert effect_of(shown)["A clip of 5 seconds"] == (50, 50)
    assert "will be refused" in shown.content.decode()
    assert save(boss, change(picture), values).status_code == 302
    assert "Picture" not in {found.name for found in rules_in_force()}


def test_first_rule_of_an_empty_list_ends_the_prices_of_the_settings(boss: Client) -> None:
    PriceRule.objects.all().delete()
    shown = boss.post(ADD, PRICE | {"media_type": "image"})
    assert effect_of(shown)["A picture"] == (10, 7)
    assert effect_of(shown)["A clip of 5 seconds"] == (50, None)


@pytest.mark.parametrize(
    ("words", "effect"),
    [
        ({"rank": "1", "model": "z-image-small", "quality": "high", "mode": "fine"}, (15, 11)),
        ({"rank": "1", "media_type": "video", "per": "second", "least_seconds": "10"}, (50, 70)),
        ({"rank": "1", "least_number": "5", "resolution": "4k"}, (75, 55)),
        ({"rank": "1", "least_megapixels": "2.5", "most_megapixels": "3"}, (10, 7)),
        ({"rank": "1", "most_megapixels": "0.01", "most_steps": "3"}, (10, 7)),
        ({"effect": "cached"}, (10, 7)),
        ({"effect": "factor", "amount": "", "factor": "0.5", "mode": "fast"}, (10, 5)),
        # No picture of one megapixel is 4k.
        ({"rank": "1", "resolution": "4k", "most_megapixels": "1"}, None),
    ],
)
def test_preview_holds_an_order_that_the_rule_is_made_for(
    boss: Client, words: dict[str, str], effect: tuple[int, int] | None
) -> None:
    shown = boss.post(ADD, PRICE | words)
    assert shown.context["adminform"].form.errors == {}
    assert effect_of(shown).get("An order that meets this rule") == effect
    assert ("No order can meet" in shown.content.decode()) is (effect is None)


def test_rule_of_a_platform_changes_nobody_elses_price(boss: Client, shop: Platform) -> None:
    new = PRICE | {"name": "Shop's", "platform": str(shop.pk), "rank": "1", "media_type": "image"}
    effect = effect_of(boss.post(ADD, new))
    assert effect.pop("An order that meets this rule") == (10, 7)
    assert all(before == after for before, after in effect.values())
    assert save(boss, ADD, new).status_code == 302
    assert str(shop) in boss.get("/admin/credits/pricerule/").content.decode()
    # Of one platform's rules, too, only one decides; those of two never meet.
    assert list(errors_of(boss, ADD, new)) == ["rank"]
    other = Platform.objects.create(code="other", name="Other")
    assert save(boss, ADD, new | {"platform": str(other.pk)}).status_code == 302


def test_rule_to_come_is_shown_as_of_its_first_day(boss: Client) -> None:
    picture = rule("Picture")
    ended = timezone.now() + timedelta(days=1)
    PriceRule.objects.filter(pk=picture.pk).update(valid_until=ended)
    new = PRICE | {"media_type": "image"} | TOMORROW
    assert effect_of(boss.post(ADD, new))["A picture"] == (None, 7)
    assert save(boss, ADD, new).status_code == 302
    assert {found.name for found in rules_in_force()} >= {"Picture"}
    assert "Rule" not in {found.name for found in rules_in_force()}


def test_name_of_a_model_that_nobody_offers_is_pointed_out(boss: Client) -> None:
    words = "No configured model has this name"
    assert words in boss.post(ADD, PRICE | {"model": "z-imgae", "rank": "1"}).content.decode()
    known = boss.post(ADD, PRICE | {"model": "z-image-small", "rank": "1"})
    assert words not in known.content.decode()


def test_dates_are_judged_by_the_databases_clock() -> None:
    now = timezone.now()
    PriceRule.objects.update(is_active=False)
    for name, start, end in (
        ("over", None, now - timedelta(hours=1)),
        ("to come", now + timedelta(hours=1), None),
        ("now", now - timedelta(hours=1), now + timedelta(hours=1)),
        ("always", None, None),
    ):
        PriceRule.objects.create(name=name, amount=1, valid_from=start, valid_until=end)
    assert {found.name for found in rules_in_force()} == {"now", "always"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        # Amounts.
        *((PRICE | {"amount": amount}, "amount") for amount in (
            "", "-1", "1.5", "NaN", "ten", str(10**12 + 1), "9" * 30, "1e3", "Infinity")),
        *((FACTOR | {"factor": factor}, "factor") for factor in (
            "", "-0.1", "NaN", "sNaN", "Infinity", "two", "10000", "1.00001", "9" * 30)),
        (PRICE | {"factor": "2"}, "factor"),
        (FACTOR | {"amount": "2"}, "amount"),
        (FACTOR | {"per": "second", "media_type": "video"}, "per"),
        (PRICE | {"rank": "1.5"}, "rank"),
        (PRICE | {"rank": str(2**31)}, "rank"),
        # Words.
        (PRICE | {"name": ""}, "name"),
        (PRICE | {"effect": "free"}, "effect"),
        (PRICE | {"per": "pixel"}, "per"),
        (PRICE | {"media_type": "audio"}, "media_type"),
        (PRICE | {"quality": "ultra"}, "quality"),
        (PRICE | {"resolution": "8k"}, "resolution"),
        (PRICE | {"mode": "slow"}, "mode"),
        (PRICE | {"model": "x" * 101}, "model"),
        # Bounds.
        (PRICE | {"least_megapixels": "2", "most_megapixels": "1.9999"}, "most_megapixels"),
        (PRICE | {"least_seconds": "6", "most_seconds": "5"}, "most_seconds"),
        (PRICE | {"least_steps": "6", "most_steps": "5"}, "most_steps"),
        (PRICE | {"least_number": "6", "most_number": "5"}, "most_number"),
        (PRICE | {"least_megapixels": "-1"}, "least_megapixels"),
        (PRICE | {"least_seconds": "-1"}, "least_seconds"),
        (PRICE | {"most_steps": "NaN"}, "most_steps"),
        (PRICE | {"most_number": str(2**31)}, "most_number"),
        # Seconds of what has none.
        (PRICE | {"per": "second"}, "per"),
        (PRICE | {"per": "second", "media_type": "image"}, "per"),
        (PRICE | {"media_type": "image", "most_seconds": "5"}, "most_seconds"),
        # Dates.
        (PRICE | TOMORROW | {"valid_until_0": "2999-01-01", "valid_until_1": "00:00:00"}, "valid_until"),
        (PRICE | TOMORROW | {"valid_until_0": "2998-12-31", "valid_until_1": "23:59:59"}, "valid_until"),
        (PRICE | {"valid_until_0": "2020-01-01", "valid_until_1": "00:00:00"}, "valid_until"),
        (PRICE | {"valid_from_0": "yesterday", "valid_from_1": "00:00:00"}, "valid_from"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unwritten")
def test_rule_that_cannot_be_is_refused_at_its_field(
    boss: Client, values: dict[str, str], field: str
) -> None:
    PriceRule.objects.exclude(name="4k").delete()
    assert list(errors_of(boss, ADD, values)) == [field]
    assert list(PriceRule.objects.values_list("name", flat=True)) == ["4k"]


def test_expired_rule_may_be_kept_switched_off(boss: Client) -> None:
    past = PRICE | {"valid_until_0": "2020-01-01", "valid_until_1": "00:00:00", "rank": "9"}
    del past["is_active"]
    assert save(boss, ADD, past).status_code == 302


@pytest.mark.parametrize(
    "values",
    [
        PRICE,
        PRICE | {"media_type": "image"},
        PRICE | {"model": "z-image-small"},
        PRICE | {"quality": "high"},
        PRICE | {"mode": "fast", "most_steps": "3"},
        PRICE | {"media_type": "image"} | TOMORROW,
    ],
)
@pytest.mark.usefixtures("unwritten")
def test_two_prices_of_one_rank_that_may_meet_are_refused_by_name(
    boss: Client, values: dict[str, str]
) -> None:
    [message] = errors_of(boss, ADD, values)["rank"]
    assert "“Picture”" in message or "“Clip”" in message


@pytest.mark.parametrize(
    "apart",
    [
        {"rank": "1"},
        {"media_type": "video", "rank": "-1"},
        {"effect": "cached"},
        {"is_active": ""},
    ],
)
def test_prices_that_never_meet_stand_side_by_side(boss: Client, apart: dict[str, str]) -> None:
    values = {name: value for name, value in (PRICE | apart).items() if value}
    assert save(boss, ADD, values).status_code == 302


def test_bounds_and_dates_keep_prices_apart(boss: Client) -> None:
    first = PRICE | {"rank": "3", "most_number": "4", "most_megapixels": "1"}
    assert save(boss, ADD, first).status_code == 302
    touching = first | {"least_number": "4", "most_number": "9"}
    assert "“Rule”" in errors_of(boss, ADD, touching)["rank"][0]
    assert save(boss, ADD, first | {"least_number": "5", "most_number": "9"}).status_code == 302
    larger = first | {"least_megapixels": "1.0001", "most_megapixels": ""}
    assert save(boss, ADD, larger).status_code == 302
    # A rule that ends when the next one begins does not meet it.
    ends = PRICE | {"rank": "4", "valid_until_0": "2999-01-01", "valid_until_1": "00:00:00"}
    assert save(boss, ADD, ends).status_code == 302
    assert save(boss, ADD, PRICE | {"rank": "4"} | TOMORROW).status_code == 302


def test_two_cached_prices_of_one_rank_are_refused(boss: Client) -> None:
    assert save(boss, ADD, PRICE | {"effect": "cached"}).status_code == 302
    assert list(errors_of(boss, ADD, PRICE | {"effect": "cached", "amount": "1"})) == ["rank"]


def test_the_same_factor_twice_is_refused_by_name(boss: Client) -> None:
    again = FACTOR | {"factor": "1.5", "resolution": "4k"}
    assert "“4k”" in errors_of(boss, ADD, again)["factor"][0]
    assert save(boss, ADD, again | {"factor": "1.1"}).status_code == 302
    assert save(boss, ADD, again | {"quality": "high"}).status_code == 302


def test_rule_that_priced_orders_changes_and_they_keep_their_price(
    boss: Client, finished: Callable[..., Task]
) -> None:
    task = finished()
    picture = rule("Picture")
    assert save(boss, change(picture), values_of(picture, amount="99")).status_code == 302
    task.refresh_from_db()
    assert (task.price, task.pricing["decided_by"]["amount"]) == (10, 10)


@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_save_rules_that_conflict(boss: Client) -> None:
    values = PRICE | {"rank": "8"}
    token = {"confirmed": boss.post(ADD, values).context["preview"].token}

    def press() -> int:
        try:
            return boss.post(ADD, values | token).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            lock_rules()
            PriceRule.objects.create(name="The other's", amount=1, rank=8)
            pressed = pool.submit(press)
            waiting = 0
            while not (waiting or pressed.done()):
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                [waiting] = cursor.fetchone()
        assert pressed.result() == 200, "it saw what the other saved, and is refused"
    assert PriceRule.objects.filter(rank=8).count() == 1


def test_price_list_needs_its_rights(hire: Hire) -> None:
    picture = rule("Picture")
    viewer = hire("credits.view_pricerule")
    html = viewer.get(change(picture)).content.decode()
    assert "Show the effect" not in html
    assert viewer.post(change(picture), values_of(picture, amount="1")).status_code == 403
    assert viewer.get(ADD).status_code == 403
    changer = hire("credits.view_pricerule", "credits.change_pricerule", name="erin")
    assert "Show the effect" in changer.get(change(picture)).content.decode()
    assert changer.post(ADD, PRICE).status_code == 403
    assert save(changer, change(picture), values_of(picture, amount="11")).status_code == 302
    delete = reverse("admin:credits_pricerule_delete", args=[picture.pk])
    assert changer.post(delete, {"post": "yes"}).status_code == 403
    assert hire(name="frank").get("/admin/credits/pricerule/").status_code == 403


def test_list_says_what_each_rule_does_and_whether_it_counts(boss: Client) -> None:
    now = timezone.now()
    PriceRule.objects.create(name="Old", amount=1, rank=1, valid_until=now)
    PriceRule.objects.create(name="Off", amount=1, rank=2, is_active=False, least_steps=3)
    PriceRule.objects.create(name="New", amount=1, rank=3, valid_from=now + timedelta(days=1))
    html = boss.get("/admin/credits/pricerule/").content.decode()
    for words in ("10 per picture or clip", "× 1.5", "in force", "over", "off", "to come",
                  "steps ≥ 3", "every order"):  # fmt: skip
        assert words in html, words
