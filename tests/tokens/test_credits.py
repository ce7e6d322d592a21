"""What the orders of one token may hold in all: exact, whoever orders at the same time; what is released comes back."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits import ledger
from credits.models import BudgetUse, Count, Hold, Purse
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from tests.api.refusals import GENERATE, refused
from tests.books import find_mistakes
from tests.races import told
from tests.tokens.conftest import TOKENS, Mint, browser

# What one picture costs in tests.
PRICE = 10
SPENT = (402, "token_credits_spent")
ORDER: dict[str, Any] = {"prompt": "a star"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, ORDER | words, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def used(app: APIClient, token: Any) -> int:
    return int(app.get(f"{TOKENS}/{token['id']}").json()["used_credits"])


def test_orders_beyond_the_tokens_credits_are_refused(
    app: APIClient, mint: Mint, rich: Callable[..., Purse]
) -> None:
    rich("alice", 1000)
    token = mint(max_credits=2 * PRICE)
    page = browser(token)
    order(page)
    problem = refused(page, GENERATE, body=ORDER | {"num_images": 2}, expect=SPENT)
    assert problem["params"] == {"limit": 2 * PRICE, "spent": PRICE, "wanted": 2 * PRICE}
    order(page)
    refused(page, GENERATE, body=ORDER, expect=SPENT)
    quote = page.post("/api/v1/quote", ORDER, format="json").json()
    assert (quote["affordable"], quote["refusal"]) == (False, "token_credits_spent")
    [budget] = page.get("/api/v1/credits").json()["budgets"]
    assert budget == {"scope": "token", "period": "total", "limit": 20, "spent": 20, "resets_at": None}  # fmt: skip
    # The key itself is bound by none of it, and neither is another token.
    order(app, user="alice")
    order(browser(mint(max_credits=PRICE)))
    assert used(app, token) == 2 * PRICE
    assert find_mistakes() == []


def test_token_without_credits_orders_nothing(mint: Mint, rich: Callable[..., Purse]) -> None:
    rich("alice", 100)
    refused(browser(mint(max_credits=0)), GENERATE, body=ORDER, expect=SPENT)
    assert not Count.objects.exists()


def test_released_credits_come_back_and_captured_ones_do_not(
    app: APIClient, mint: Mint, rich: Callable[..., Purse]
) -> None:
    rich("alice", 1000)
    token = mint(max_credits=2 * PRICE)
    page = browser(token)
    page.post(f"/api/v1/tasks/{order(page)['id']}/cancel")
    assert used(app, token) == 0
    order(page, prompt="stub:refuse=1", num_images=2)
    run_queue("local")
    assert used(app, token) == PRICE
    order(page, prompt="stub:fail")
    run_queue("local")
    assert used(app, token) == PRICE
    order(page)
    run_queue("local")
    assert used(app, token) == 2 * PRICE
    refused(page, GENERATE, body=ORDER, expect=SPENT)
    assert find_mistakes() == []


def test_audit_finds_a_token_that_counted_wrong(mint: Mint, rich: Callable[..., Purse]) -> None:
    rich("alice", 1000)
    order(browser(mint()))
    assert find_mistakes() == []
    Count.objects.update(used=3)
    [mistake] = find_mistakes()
    assert mistake.check == "budget_counts_its_holds"


def test_same_key_again_counts_once(app: APIClient, mint: Mint, rich: Callable[..., Purse]) -> None:
    rich("alice", 1000)
    token = mint(max_credits=PRICE)
    page = browser(token)
    words: dict[str, Any] = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "k"}
    answers = [page.post(GENERATE, ORDER, **words) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert (used(app, token), BudgetUse.objects.count()) == (PRICE, 1)


def test_a_keys_order_costs_no_statement_more_for_tokens(
    app: APIClient, mint: Mint, rich: Callable[..., Purse]
) -> None:
    rich("alice", 1000)
    page = browser(mint())
    for client in (app, page):
        # What the first order of a user does once.
        order(client, user="alice")
    with CaptureQueriesContext(connection) as by_key:
        order(app, user="alice")
    with CaptureQueriesContext(connection) as by_token:
        order(page)
    tables = ("browsertoken", "tokenorigin", "budgetuse", "credits_count")
    of_tokens = [query["sql"] for query in by_key if any(table in query["sql"] for table in tables)]
    assert of_tokens == []
    assert len(by_token) <= len(by_key) + 2


@pytest.mark.django_db(transaction=True)
def test_parallel_orders_never_hold_more_than_the_tokens_credits(
    rich: Callable[..., Purse],
) -> None:
    purse = rich("alice", 1000)
    terms = ledger.Terms(allowance=ledger.Allowance(new_id(), 3 * PRICE))

    def hold() -> uuid.UUID:
        return ledger.hold(purse.pk, PRICE, reference=new_id(), terms=terms)

    [outcomes] = told(*[hold] * 8)
    assert sorted(outcomes) == ["done"] * 3 + ["token_credits_spent"] * 5
    purse.refresh_from_db()
    assert (purse.held, Hold.objects.count()) == (3 * PRICE, 3)
    assert Count.objects.get().used == 3 * PRICE
