"""Pictures are described once they were delivered: in no order's way, once each, and only while they may be seen."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.describing import accounts, rows, turns
from generation.models import Account, Describer, Offer, Undescribed
from generation.moderation.standing import MOST_FAILURES
from genhub.platforms.models import ApiKey, Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Message
from storage import withholding
from storage.erasing import let_go
from storage.models import Artifact
from templates.models import Template
from tests.describing.conftest import SEEN, Order, alt_of, completion, make_due, shown, turn
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.providers.vendors.server import Asked, Reply, Server

pytestmark = pytest.mark.django_db
Make = Callable[..., Describer]


def test_without_an_account_nothing_is_written_and_rules_speak(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    task = order()
    model(is_enabled=False)
    other = order(prompt="a moon")
    assert not Undescribed.objects.exists()
    assert turn() == 0
    assert [alt_of(alice, one) for one in (task, other)] == ["a star", "a moon"]
    assert server.asked == []


def test_better_words_replace_those_of_the_rules_after_the_end_was_told(
    alice: APIClient, shop: Platform, order: Order, server: Server, model: Make
) -> None:
    model(options={"max_tokens": 90})
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["task.completed"])
    task = order(num_images=2)
    assert '"alt":"a star"' in Message.objects.get().payload.replace(": ", ":")
    assert alt_of(alice, task) == "a star"
    assert server.asked == []
    assert turn() == 2
    assert alt_of(alice, task) == SEEN
    image = alice.get(f"/api/v1/tasks/task_{task.pk.hex}", HTTP_ACCEPT_LANGUAGE="zh-hans").json()["result"]["images"][1]  # fmt: skip
    assert image["caption"] == f"{SEEN}（AI 生成）"
    asked = server.asked[0]
    assert (asked.path, asked.headers["authorization"]) == ("/chat/completions", "Bearer secret-key-of-the-test")  # fmt: skip
    assert (asked.json["model"], asked.json["max_tokens"]) == ("sees-1", 90)
    assert shown(asked).size == (64, 64)
    assert not Undescribed.objects.exists()
    assert turn() == 0


def test_large_picture_is_shown_small(order: Order, server: Server, model: Make) -> None:
    model()
    Offer.objects.update(largest_side=2048)
    order(width=2048, height=1024)
    turn()
    assert shown(server.asked[0]).size == (1024, 512)


@pytest.mark.parametrize(
    ("prompt", "language", "begin"),
    [("a fox", "zh-hans", "Write"), ("雪地里的狐狸", "en", "请为"), ("★", "zh-hans", "请为"), ("★", "en", "Write")],
)  # fmt: skip
def test_asked_in_the_language_of_the_order(
    order: Order, server: Server, model: Make, prompt: str, language: str, begin: str
) -> None:
    Platform.objects.update(language=language)
    model()
    order(prompt=prompt)
    turn()
    assert server.asked[0].json["messages"][0]["content"][0]["text"].startswith(begin)


def test_favourites_and_found_pictures_say_the_same(
    alice: APIClient, order: Order, model: Make, server: Server
) -> None:
    model()
    first = order(seed=7)
    turn()
    again = order(seed=7)
    assert again.cached_from_id == first.pk
    assert alt_of(alice, again) == SEEN
    assert turn() == 0
    artifact = Artifact.objects.get(output__task=again)
    alice.put(f"/api/v1/artifacts/art_{artifact.pk.hex}/favourite")
    assert alice.get("/api/v1/me/favourites").json()["items"][0]["alt"] == SEEN
    assert len(server.asked) == 1


@pytest.mark.parametrize("holder", [Platform, ApiKey, Template])
@pytest.mark.usefixtures("recipes")
def test_what_must_stay_in_the_house_reaches_nobody_outside(
    alice: APIClient, order: Order, server: Server, model: Make, reached: set[int], holder: Any
) -> None:
    with Server(lambda asked: completion("from inside")).running() as inside:
        outside = model("outside", rank=0)
        holder.objects.update(local_only=True)
        Account.objects.update(is_in_house=True)
        task = order(prompt=None, template="shape", parameters={"shape": "star"})
        assert task.local_only
        assert turn() == 0
        model("inside", rank=1, base_url=inside.url, is_in_house=True)
        make_due()
        assert turn() == 1
    assert alt_of(alice, task) == "from inside"
    assert inside.port in reached
    assert server.port not in reached
    assert outside.failures == 0


def test_platform_that_keeps_all_in_the_house_by_now_is_heard(
    order: Order, server: Server, model: Make, reached: set[int]
) -> None:
    model()
    order()
    Platform.objects.update(local_only=True)
    assert turn() == 0
    assert server.port not in reached


def test_withheld_picture_is_sent_to_nobody_and_given_back_is_described(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    model()
    task = order()
    picture = Artifact.objects.get()
    withholding.withhold(picture.key)
    assert turn() == 0
    withholding.give_back(picture.key)
    # Withheld after it was claimed, before it is sent.
    [claimed] = turns.claim_some()
    turns.free.release()
    withholding.withhold(picture.key)
    turns.describe(claimed, accounts.list_usable())
    assert server.asked == []
    withholding.give_back(picture.key)
    make_due()
    assert turn() == 1
    assert alt_of(alice, task) == SEEN


def test_words_go_with_their_picture(order: Order, server: Server, model: Make) -> None:
    model()
    order()
    turn()
    assert Artifact.objects.get().alt == SEEN
    let_go(list(Artifact.objects.select_for_update()))
    assert Artifact.objects.get().alt == ""


def test_answer_that_comes_after_the_picture_has_gone_is_kept_nowhere(
    order: Order, server: Server, model: Make
) -> None:
    model()
    order()

    [claimed] = turns.claim_some()
    turns.free.release()
    let_go(list(Artifact.objects.select_for_update()))
    assert not rows.keep(claimed, SEEN)
    assert Artifact.objects.get().alt == ""
    assert not Undescribed.objects.exists()


def test_who_claimed_before_the_last_one_writes_nothing(order: Order, model: Make) -> None:
    model()
    order()
    [lost] = rows.claim(1, is_in_house=False)
    assert rows.claim(1, is_in_house=False) == []
    # Its lease is over: the process that claimed it has died.
    make_due()
    [newer] = rows.claim(1, is_in_house=False)
    rows.put_off(lost, None)
    rows.give_up(lost)
    assert not rows.keep(lost, "too late")
    assert Undescribed.objects.get().tries == newer.tries == 2
    assert rows.keep(newer, SEEN)
    assert Artifact.objects.get().alt == SEEN


def test_tries_end_and_what_waits_too_long_is_forgotten(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    model()
    task = order()
    server.respond = lambda asked: Reply(503)
    for _ in range(rows.MOST_TRIES):
        Describer.objects.update(resting_until=None)
        make_due()
        assert turn() == 1
    assert not Undescribed.objects.exists()
    assert alt_of(alice, task) == "a star"
    Describer.objects.update(is_enabled=False)
    Undescribed.objects.create(artifact=Artifact.objects.get(), language="en")
    turns.describe_pictures()
    assert Undescribed.objects.exists()
    Undescribed.objects.update(created_at=Now() - rows.LONGEST_WAIT)
    turns.describe_pictures()
    assert not Undescribed.objects.exists()


def test_next_model_is_asked_after_a_failure_and_one_that_fails_rests(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    first = model("first", rank=0, options={"user": "first"})
    task = order()
    server.respond = lambda asked: Reply(503) if asked.json.get("user") else completion(SEEN)
    model("second", rank=1)
    turn()
    make_due()
    turn()
    assert alt_of(alice, task) == SEEN
    Describer.objects.filter(alias="second").update(is_enabled=False)
    for _ in range(MOST_FAILURES - 1):
        order()
        turn()
    first.refresh_from_db()
    assert (first.failures, first.resting_why) == (MOST_FAILURES, "failing")
    order()
    make_due()
    assert turn() == 0


@pytest.mark.django_db(transaction=True)
def test_turn_returns_while_models_think_and_no_transaction_is_open(
    order: Order, server: Server, model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model()
    asked_in = []
    ask = turns.ask

    def noted(*said: Any) -> str:
        asked_in.append((threading.current_thread().name, connection.in_atomic_block))
        return ask(*said)

    monkeypatch.setattr(turns, "ask", noted)
    gate = threading.Event()

    def respond(asked: Asked) -> Reply:
        gate.wait()
        return completion(SEEN)

    server.respond = respond
    order(num_images=4)
    order(num_images=2)
    try:
        turns.describe_pictures()
        wait_until(lambda: len(server.asked) == turns.MOST_AT_ONCE, patience(), "all threads ask")
        # They wait for their answers: no more is begun.
        turns.describe_pictures()
        assert Undescribed.objects.filter(tries=0).count() == 2
    finally:
        gate.set()

    def all_are_described() -> bool:
        turns.describe_pictures()
        return Artifact.objects.exclude(alt="").count() == 6

    wait_until(all_are_described, patience(), "the others follow")
    wait_until(lambda: not Undescribed.objects.exists(), patience(), "no row is left")
    assert set(asked_in) == {("describe", False)}
    assert len(server.asked) == 6
