"""Grants at the same moment: one event is one credit, and no cap leaks."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from credits import erasure
from credits.models import Count, GrantRule, Purse, Transfer
from genhub.platforms.models import Platform, Scope
from genhub.retention.erasing import Owner
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.races import told_after

pytestmark = pytest.mark.django_db(transaction=True)

GRANTS = "/api/v1/credits/grants"
THREADS, ROUNDS = 8, 6
PER_USER, PER_DAY, AMOUNT = 50, 120, 5


@pytest.fixture
def key(client_of: Callable[..., APIClient], shop: Platform) -> dict[str, str]:
    GrantRule.objects.create(
        platform=shop, kind="ad_reward", daily_most_per_user=PER_USER, daily_most=PER_DAY
    )
    return header_of(client_of("", scopes=[Scope.CREDITS_GRANT]))


def at_once(key: dict[str, str], sent: list[list[dict[str, Any]]]) -> list[tuple[int, Any]]:
    """Send one list of events from each thread, the first ones at the same moment; return all answers."""
    answers: list[tuple[int, Any]] = []
    start = threading.Barrier(len(sent))

    def run(events: list[dict[str, Any]]) -> None:
        client = APIClient()
        client.credentials(**key)
        for words in events:
            start.wait()
            body = {"user": "alice", "kind": "ad_reward", "amount": AMOUNT, **words}
            answer = client.post(GRANTS, body, format="json")
            answers.append((answer.status_code, answer.json()))
        connections.close_all()

    threads = [threading.Thread(target=run, args=(events,)) for events in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == sum(map(len, sent))
    return answers


def test_event_delivered_by_eight_at_once_is_one_credit(key: dict[str, str]) -> None:
    events = [{"event_id": f"ad-{number}"} for number in range(ROUNDS)]
    answers = at_once(key, [events] * THREADS)
    assert Counter(status for status, _ in answers) == {201: ROUNDS, 200: ROUNDS * (THREADS - 1)}
    assert len({body["entry"]["id"] for _, body in answers}) == ROUNDS
    assert Purse.objects.get().available == ROUNDS * AMOUNT
    assert list(Count.objects.values_list("used", flat=True)) == [ROUNDS * AMOUNT] * 2
    assert find_mistakes() == []


def test_event_at_the_brim_of_its_cap_is_never_told_that_it_is_full(key: dict[str, str]) -> None:
    """Whoever comes second waits for the first and then finds it done: not the cap that the first one filled."""
    events = [
        {"event_id": f"ad-{number}", "amount": PER_USER, "user": f"{number}"} for number in (1, 2)
    ]
    answers = at_once(key, [events] * THREADS)
    assert Counter(status for status, _ in answers) == {201: 2, 200: 2 * (THREADS - 1)}


@pytest.mark.parametrize("word", ["user", "amount"])
def test_event_that_comes_in_several_guises_at_once_grants_one_of_them(
    key: dict[str, str], word: str
) -> None:
    guises = [{word: thread + 1 if word == "amount" else f"user-{thread}"} for thread in range(4)]
    sent = [[{"event_id": f"ad-{number}", **guise} for number in range(ROUNDS)] for guise in guises]
    answers = at_once(key, sent)
    assert Counter(status for status, _ in answers) == {201: ROUNDS, 409: ROUNDS * 3}
    refusals = {body["code"] for status, body in answers if status == 409}
    assert refusals == {"transfer_key_reused"}
    assert Transfer.objects.count() == ROUNDS
    assert find_mistakes() == []


def test_key_that_eight_use_at_once_grants_one_event(key: dict[str, str]) -> None:
    once = {**key, "HTTP_IDEMPOTENCY_KEY": "k"}
    answers = at_once(once, [[{"event_id": f"ad-{thread % 4}"}] for thread in range(THREADS)])
    assert Counter(status for status, _ in answers) == {201: 1, 200: 1, 422: THREADS - 2}
    refusals = {body["code"] for status, body in answers if status == 422}
    assert refusals == {"idempotency_key_reused"}
    assert Purse.objects.get().available == AMOUNT
    assert list(Count.objects.values_list("used", flat=True)) == [AMOUNT] * 2
    assert find_mistakes() == []


def test_caps_are_exact_when_all_come_at_once(key: dict[str, str]) -> None:
    users = ["alice", "bob", "carol", "dave"] * 2
    sent = [
        [{"event_id": f"{thread}-{number}", "user": user} for number in range(8)]
        for thread, user in enumerate(users)
    ]
    answers = at_once(key, sent)
    granted = Counter(body.get("user") for status, body in answers if status == 201)
    assert sum(granted.values()) == PER_DAY // AMOUNT, "64 came, 24 fit into the day"
    assert max(granted.values()) <= PER_USER // AMOUNT
    assert {body["code"] for status, body in answers if status != 201} == {"grant_cap_reached"}
    balances = dict(Purse.objects.values_list("user", "available"))
    assert balances == {user: number * AMOUNT for user, number in granted.items()}
    assert find_mistakes() == []


def test_grant_while_the_users_data_is_deleted_goes_to_whoever_comes_now(
    key: dict[str, str], shop: Platform
) -> None:
    """Not into the purse that nobody has any more."""
    Purse.objects.create(platform=shop, user="alice")
    owner = Owner(shop.pk, "alice", "erased:1")
    answers: Any = told_after(
        lambda: erasure.rename(owner), lambda: at_once(key, [[{"event_id": "ad-1"}]])
    )
    [(status, body)] = answers
    assert (status, body["user"]) == (201, "alice")
    balances = dict(Purse.objects.values_list("user", "available"))
    assert balances == {"erased:1": 0, "alice": AMOUNT}
    assert sum(Count.objects.values_list("used", flat=True)) == 2 * AMOUNT
    assert find_mistakes() == []
