"""The price table of a model, as staff type it; and what a new model starts with."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generation.accounts import spending
from generation.models import Account, Offer, Rest
from genhub.lib.clock import NOW
from tests.admin.test_accounts import VALUES

pytestmark = pytest.mark.django_db
ADD = reverse("admin:generation_offer_add")
LOW = {"quality": "low", "width": 1024, "height": 1024, "usd": 0.006}


@pytest.fixture
def openai(db: None) -> Account:
    return Account.objects.create(alias="openai", adapter="openai", queue="remote")


@pytest.fixture
def values(openai: Account) -> dict[str, Any]:
    """What the form of a new model of a vendor holds."""
    return {
        "alias": "gpt-image-2", "account": openai.pk, "is_enabled": "on", "media_types": ["image"],
        "vendor_model": "", "unsupported": [], "folder": "", "revision": "", "weights": "", "loras": "",
        "default_width": "1024", "default_height": "1024", "smallest_side": "256",
        "largest_side": "2048", "sizes": "", "default_steps": "12", "largest_steps": "50",
        "default_cfg_scale": "2", "largest_cfg_scale": "8", "fast_steps": "", "fast_cfg_scale": "",
        "fast_width": "", "fast_height": "", "fine_steps": "", "fine_cfg_scale": "", "fine_width": "",
        "fine_height": "", "default_negative_prompt": "", "longest_prompt": "2000", "usd_per_picture": "",
        "prices": "",
    }  # fmt: skip


def post(client: Client, values: dict[str, Any]) -> Any:
    answer = client.post(ADD, values, follow=True)
    assert answer.status_code == 200
    if answer.context.get("adminform"):
        return answer.context["adminform"].form.errors
    return [str(message) for message in answer.context["messages"]]


def test_rows_are_typed_one_a_line_and_shown_as_they_were(
    boss: Client, values: dict[str, Any]
) -> None:
    rows = [LOW, {"tokens": {"input_text": 5.0, "output": 30.0}}]
    typed = "\n\n".join(json.dumps(row) for row in rows)
    post(boss, values | {"prices": typed})
    row = Offer.objects.get()
    assert row.prices == rows
    html = boss.get(reverse("admin:generation_offer_change", args=[row.pk])).content.decode()
    assert "{&quot;quality&quot;: &quot;low&quot;, &quot;width&quot;: 1024" in html


@pytest.mark.parametrize(
    "line",
    [
        "0.04", "{", '{"usd": -1}', '{"usd": NaN}', '{"usd": 1e999}', '{"quality": "low"}', '{"colour": 1, "usd": 1}',
        '{"usd": ' + "[" * 10_000, '{"usd": 1, "width": 5}', '[{"usd": 1}]', '{"usd": "\ud800"}',
    ],
)  # fmt: skip
def test_line_that_is_no_price_is_named_by_its_number(
    boss: Client, values: dict[str, Any], line: str
) -> None:
    typed = f"{json.dumps(LOW)}\n{line}".encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    errors = post(boss, values | {"prices": typed})
    assert list(errors) == ["prices"]
    [message] = errors["prices"]
    assert message.startswith("Line 2: This is no price: ")
    assert not Offer.objects.exists()


def test_new_model_starts_with_what_its_vendor_listed(boss: Client, values: Any) -> None:
    told = " ".join(post(boss, values))
    assert "listed on 2026-11-28" in told
    assert Offer.objects.get().prices[1] == {"quality": "low", "per_megapixel_usd": 0.006}


@pytest.mark.parametrize(
    ("words", "base_url"),
    [
        ({"prices": json.dumps(LOW)}, ""), ({"usd_per_picture": "0"}, ""), ({"alias": "my-own"}, ""),
        ({}, "https://relay.example/v1"),
    ],
    ids=["own table", "own price", "not listed", "somebody else's address"],
)  # fmt: skip
def test_nothing_is_suggested_where_somebody_knows_better(
    boss: Client, values: Any, openai: Account, words: dict[str, str], base_url: str
) -> None:
    Account.objects.update(base_url=base_url)
    assert "listed on" not in " ".join(post(boss, values | words))
    assert Offer.objects.get().prices == ([LOW] if "prices" in words else [])


def test_new_limit_ends_the_rest_of_a_spent_account(boss: Client, openai: Account) -> None:
    now = Account.objects.annotate(now=NOW).get().now
    Account.objects.update(resting_until=spending.next_day(now), resting_why=Rest.SPENT)
    address = reverse("admin:generation_account_change", args=[openai.pk])
    form = VALUES | {"adapter": "openai"}
    assert boss.post(address, form).status_code == 302
    assert Account.objects.get().resting_why == Rest.SPENT
    boss.post(address, form | {"daily_limit_usd": "5"})
    assert Account.objects.get().resting_why == ""
