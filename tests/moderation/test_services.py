"""Moderation services: asked before anything is held, outside of transactions, never about what stays in the house."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from generation.models import Account, Finding, Moderator, Task
from generation.moderation import services
from generation.moderation.judges.base import Judge
from generation.moderation.standing import MOST_FAILURES
from genhub.platforms.models import Platform
from tests.api.refusals import GENERATE, refused
from tests.providers.vendors.server import Asked, Cut, Hang, Reply, Server, Silence

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
BODY = {"prompt": "a weapon"}
Make = Callable[..., Moderator]


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, {"prompt": "a star", **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def test_what_it_objects_to_is_refused_before_anything_is_held(
    alice: APIClient, server: Server, service: Make
) -> None:
    service()
    problem = refused(alice, GENERATE, body=BODY, expect=(422, "prompt_refused", "prompt"))
    assert "violence" in problem["errors"][0]["message"]
    row = Finding.objects.first()
    assert row is not None
    assert (row.source, row.service, row.labels, row.text) == ("service", "judge", ["violence"], "a weapon")  # fmt: skip
    order(alice)
    asked = server.asked[-1]
    assert asked.path == "/moderations"
    assert asked.headers["authorization"] == "Bearer secret-key-of-the-test"
    assert asked.json == {"model": "omni-moderation-latest", "input": ["a star"]}


def test_quote_asks_nobody_and_a_term_is_enough(
    alice: APIClient, server: Server, service: Make, terms: None
) -> None:
    service()
    assert alice.post("/api/v1/quote", BODY, format="json").status_code == 200
    refused(alice, GENERATE, body={"prompt": "gore"}, expect=(422, "prompt_refused"))
    assert server.asked == []


def test_policy_decides_what_an_objection_means(
    alice: APIClient, shop: Platform, server: Server, service: Make
) -> None:
    service()
    Platform.objects.filter(pk=shop.pk).update(moderation="off")
    order(alice, **BODY)
    assert server.asked == []
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    order(alice, **BODY)
    [row] = Finding.objects.all()
    assert (row.outcome, row.task_id) == ("flagged", Task.objects.order_by("id").last().pk)  # type: ignore[union-attr]


def test_what_stays_in_the_house_is_shown_to_no_outside_service(
    alice: APIClient, shop: Platform, stub: Account, server: Server, service: Make
) -> None:
    service("outside", base_url=server.url)
    Platform.objects.filter(pk=shop.pk).update(local_only=True)
    Account.objects.filter(pk=stub.pk).update(is_in_house=True)
    order(alice, **BODY)
    assert server.asked == []
    service("inside", is_in_house=True)
    refused(alice, GENERATE, body=BODY, expect=(422, "prompt_refused"))
    assert len(server.asked) == 2


def test_batch_is_judged_by_one_call(alice: APIClient, server: Server, service: Make) -> None:
    service()
    orders = [
        {"prompt": "a star"},
        {"prompt": "a weapon"},
        {"prompt": "a star"},
        {"prompt": "a moon"},
    ]
    answer = alice.post("/api/v1/batches", {"orders": orders, "policy": "some"}, format="json")
    assert answer.status_code == 202, answer.json()
    problems = [one["problem"] and one["problem"]["code"] for one in answer.json()["orders"]]
    assert problems == [None, "prompt_refused", None, None]
    assert [asked.json["input"] for asked in server.asked] == [["a star", "a weapon", "a moon"]]


def test_ignored_labels_and_own_lines_count(alice: APIClient, service: Make) -> None:
    row = service(options={"ignore": ["violence"]})
    order(alice, **BODY)
    row.options = {"thresholds": {"violence": 0.2}}
    row.save()
    refused(alice, GENERATE, body={"prompt": "a star"}, expect=(422, "prompt_refused"))


def result(**words: Any) -> dict[str, Any]:
    return {"flagged": False, "categories": {}, "category_scores": {}, **words}


BAD = {
    "down": Reply(503, {"error": {"message": "away"}}),
    "gateway": Reply(502, b"<html>"),
    "too many": Reply(429, {"error": {"message": "slow"}}, {"retry-after": "1"}),
    "bad key": Reply(401, {"error": {"message": "no"}}),
    "silent": Silence(),
    "cut": Cut(200, {"results": [result()]}),
    "no JSON": Reply(200, b"<html>fine</html>"),
    "other JSON": Reply(200, {"ok": True}),
    "no results": Reply(200, {"results": []}),
    "too many results": Reply(200, {"results": [result(), result()]}),
    "a word for a truth": Reply(200, {"results": [result(flagged="no")]}),
    "impossible score": Reply(200, {"results": [result(category_scores={"violence": 7})]}),
    "10 MB": Reply(200, b'{"results": [' + b" " * 10 * 2**20 + b"]}"),
    "packed": Reply(200, b"\x1f\x8b\x08\x00" * 20, {"content-encoding": "gzip"}),
    "elsewhere": Reply(302, {}, {"location": "http://127.0.0.1:1/"}),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_answer_that_is_none_costs_nothing_and_the_platform_decides(
    reply: Reply, alice: APIClient, shop: Platform, server: Server, service: Make
) -> None:
    row = service()
    server.respond = lambda asked: reply
    problem = refused(alice, GENERATE, body=BODY, expect=(503, "moderation_unavailable"))
    assert "secret-key" not in str(problem)
    Platform.objects.filter(pk=shop.pk).update(unjudged="allow")
    order(alice, **BODY)
    assert Finding.objects.count() == 0
    row.refresh_from_db()
    assert row.last_error
    assert "secret-key" not in row.last_error


def test_slow_service_is_waited_for_within_its_time(
    alice: APIClient, server: Server, service: Make
) -> None:
    service(answer_seconds=0.5)
    server.respond = lambda asked: Hang()
    began = time.monotonic()
    answer = alice.post(GENERATE, BODY, format="json")
    assert (answer.status_code, answer.json()["code"]) == (503, "moderation_unavailable")
    assert 0.4 < time.monotonic() - began < 20


def test_liar_that_names_what_it_does_not_flag_is_taken_at_its_worst(
    alice: APIClient, server: Server, service: Make
) -> None:
    service()
    for lie in (result(categories={"sexual": True}), result(flagged=True)):
        server.respond = lambda asked, lie=lie: Reply(body={"results": [lie]})  # type: ignore[misc]
        refused(alice, GENERATE, body=BODY, expect=(422, "prompt_refused"))


def test_next_service_answers_for_one_that_fails_which_then_rests(
    alice: APIClient, server: Server, service: Make
) -> None:
    first = service("first", rank=0, options={"model": "first"})
    service("second", rank=1, options={"model": "second"})

    def respond(asked: Asked) -> Reply:
        return Reply(503) if asked.json["model"] == "first" else Reply(body={"results": [result()]})

    server.respond = respond
    for _ in range(MOST_FAILURES):
        order(alice)
    first.refresh_from_db()
    assert (first.failures, first.resting_why) == (MOST_FAILURES, "failing")
    asked = len(server.asked)
    order(alice)
    assert [one.json["model"] for one in server.asked[asked:]] == ["second"]
    Moderator.objects.filter(pk=first.pk).update(resting_until=None)
    server.respond = lambda asked: Reply(body={"results": [result()]})
    order(alice)
    first.refresh_from_db()
    assert (first.failures, first.resting_why) == (0, "")


def test_service_that_fails_now_and_then_does_not_rest(
    alice: APIClient, server: Server, service: Make
) -> None:
    """A success ends a row of failures, also one that was known when there were none."""
    row = service()
    server.respond = lambda asked: Reply(body={"results": [result()]})
    order(alice)
    for _ in range(MOST_FAILURES):
        server.respond = lambda asked: Reply(503)
        refused(alice, GENERATE, body=BODY, expect=(503, "moderation_unavailable"))
        server.respond = lambda asked: Reply(body={"results": [result()]})
        order(alice)
    row.refresh_from_db()
    assert (row.failures, row.resting_until) == (0, None)


def test_key_that_cannot_be_opened_is_a_failure_of_the_service(
    alice: APIClient, service: Make
) -> None:
    row = service()
    Moderator.objects.filter(pk=row.pk).update(sealed="rubbish")
    refused(alice, GENERATE, body=BODY, expect=(503, "moderation_unavailable"))
    row.refresh_from_db()
    assert "not usable" in row.last_error


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_while_a_transaction_is_open(
    alice: APIClient, service: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    service()
    open_before = []
    ask = services.open_judge

    def noted(row: Moderator) -> Judge:
        open_before.append(connection.in_atomic_block)
        return ask(row)

    monkeypatch.setattr(services, "open_judge", noted)
    order(alice)
    alice.post(
        "/v1/images/generations", {"model": "z-image-small", "prompt": "a moon"}, format="json"
    )
    alice.post("/api/v1/batches", {"orders": [{"prompt": "a tree"}]}, format="json")
    assert open_before == [False, False, False]
