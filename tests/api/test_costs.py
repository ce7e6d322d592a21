"""What an order may cost the hub: said before, and refused where nobody says it and the hub wants it so."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Task
from tests.api.refusals import refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
QUOTE, GENERATE = "/api/v1/quote", "/api/v1/generate"
HIGH = {"quality": "high", "width": 1024, "height": 1024, "usd": 0.211}


@pytest.fixture
def refuses(settings: Settings) -> None:
    """A hub that sends out no order of unknown cost."""
    settings.MISSING_PRICE = "refuse"


def estimate(client: APIClient, **words: Any) -> Any:
    answer = client.post(QUOTE, {"prompt": "a star"} | words, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()["estimated_cost_usd"]


def test_quote_says_what_it_may_cost_the_hub(alice: APIClient, stub: Account) -> None:
    stub.offers.update(prices=[HIGH], usd_per_picture="0.05")
    assert estimate(alice, num_images=2) == 0.1
    assert estimate(alice, num_images=2, quality="high", width=1024, height=1024) == 0.422
    assert estimate(alice, quality="high", width=512, height=512) == 0.05


def test_estimate_of_what_nobody_prices_is_unknown(alice: APIClient, stub: Account) -> None:
    stub.offers.update(prices=[HIGH])
    assert estimate(alice) is None
    assert submit(alice).cost_usd is None


def test_order_of_unknown_cost_is_refused_where_that_is_wanted(
    alice: APIClient, stub: Account, refuses: None
) -> None:
    for address in (QUOTE, GENERATE):
        answer = refused(alice, address, body={"prompt": "a"}, expect=(409, "cost_unknown"))
        assert "z-image-small" in str(answer)
    assert (Task.objects.count(), Hold.objects.count()) == (0, 0)
    chinese = alice.post(
        GENERATE, {"prompt": "a"}, format="json", HTTP_ACCEPT_LANGUAGE="zh-hans"
    ).json()
    assert "没有" in chinese["detail"]
    stub.offers.update(prices=[HIGH])
    refused(alice, GENERATE, body={"prompt": "a"}, expect=(409, "cost_unknown"))
    submit(alice, quality="high", width=1024, height=1024)


def test_price_of_nothing_is_a_price(alice: APIClient, stub: Account, refuses: None) -> None:
    stub.offers.update(usd_per_picture=0)
    assert estimate(alice) == 0
    submit(alice)


@pytest.mark.usefixtures("keeps_orders_here", "refuses")
def test_hubs_own_engine_sends_no_bill(alice: APIClient) -> None:
    assert estimate(alice) is None
    submit(alice)
