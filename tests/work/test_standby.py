"""Several accounts make one model: orders go where they are taken, never twice, and never out of the house that they
must stay in. Vendors are servers of our own that misbehave, spoken to as in production."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life import rerouting
from generation.models import Account, AccountKey, Attempt, Event, Rest, Task
from generation.work import run
from genhub.platforms.models import ApiKey, Platform
from tests.api.refusals import GENERATE, refused
from tests.books import find_mistakes
from tests.providers.vendors.contract import b64, picture
from tests.providers.vendors.server import Asked, Reply, Server, Silence
from tests.providers.vendors.test_openai import envelope
from tests.steps import attempt_states, submit

pytestmark = pytest.mark.django_db
MODEL = "gpt-image"
OWN_FAILURE = envelope("server_error", status=500)
Vendor = tuple[Server, Account]
Open = Callable[..., Vendor]


def draw(asked: Asked) -> Reply:
    return Reply(body={"data": [{"b64_json": b64()}] * asked.json["n"]})


@pytest.fixture
def vendor(settings: Settings) -> Iterator[Open]:
    """Open a vendor on loopback, and an account there with so many keys."""
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with ExitStack() as stack:

        def open_vendor(alias: str, *, keys: int = 1, **words: Any) -> Vendor:
            server = stack.enter_context(Server(draw).running())
            account = Account.objects.create(
                alias=alias, adapter="openai", queue="remote", base_url=server.url, **words
            )
            account.offers.create(
                alias=MODEL, unsupported=["seed", "steps", "cfg_scale", "negative_prompt"]
            )
            for number in range(keys):
                key = AccountKey(account=account, name=f"{alias} {number}")
                key.keep(f"key-{number}-of-{alias}")
                key.save()
            return server, account

        yield open_vendor


def order(client: APIClient, **words: Any) -> Task:
    return submit(client, model=MODEL, **words)


def work() -> list[str]:
    return [ended["ended"] for ended in run.run_queue("remote")]


def keys_used(server: Server) -> list[str]:
    return [asked.headers["authorization"].removeprefix("Bearer ") for asked in server.asked]


def routes(task: Task) -> list[dict[str, Any]]:
    events = Event.objects.filter(task=task, kind="routed").order_by("id")
    return [event.data for event in events]


def check_paid(task: Task) -> None:
    task.refresh_from_db()
    assert task.state == "completed"
    hold = Hold.objects.get(reference=task.pk)
    assert hold.captured == task.price
    assert find_mistakes() == []


def test_standby_takes_over_at_once_when_the_first_says_that_it_failed(
    alice: APIClient, vendor: Open
) -> None:
    first, _ = vendor("first")
    second, _ = vendor("second", standby_rank=1)
    first.faults = [OWN_FAILURE]
    task = order(alice)
    assert work() == ["processing", "completed"]
    assert (len(first.asked), len(second.asked)) == (1, 1)
    assert attempt_states(task) == ["failed", "succeeded"]
    assert routes(task) == [
        {"provider": "first", "considered": [{"provider": "first", "why": "chosen"}, {"provider": "second", "why": "standby"}]},
        {"provider": "second", "considered": [{"provider": "second", "why": "chosen"}, {"provider": "first", "why": "failed_before"}]},
    ]  # fmt: skip
    check_paid(task)


def test_lost_answer_goes_to_nobody_else(alice: APIClient, vendor: Open) -> None:
    first, _ = vendor("first", keys=2)
    second, _ = vendor("second", standby_rank=1)
    first.faults = [Silence()]
    task = order(alice)
    assert work() == ["unknown"]
    rerouting.reroute()
    assert work() == []
    assert (len(first.asked), len(second.asked)) == (1, 0)
    assert attempt_states(task) == ["unknown"]


def test_next_key_is_used_at_once_and_the_refused_one_no_more(
    alice: APIClient, vendor: Open
) -> None:
    first, _ = vendor("first", keys=2)
    second, _ = vendor("second", standby_rank=1)
    first.faults = [envelope("invalid_api_key", status=401)]
    check = [order(alice) for _ in range(3)]
    assert sorted(work()) == ["completed"] * 3 + ["processing"]
    used = keys_used(first)
    assert len(used) == 4
    assert used[1:] == [used[1]] * 3
    assert used[0] != used[1]
    assert second.asked == []
    for task in check:
        check_paid(task)


def test_standby_makes_what_no_key_of_the_first_may(alice: APIClient, vendor: Open) -> None:
    first, account = vendor("first", keys=2)
    second, _ = vendor("second", standby_rank=1)
    first.faults = [
        envelope("insufficient_quota", status=429),
        envelope("insufficient_quota", status=429),
    ]
    task = order(alice)
    assert work() == ["processing", "processing", "completed"]
    assert (len(first.asked), len(second.asked)) == (2, 1)
    assert set(account.keys.values_list("resting_why", flat=True)) == {Rest.NO_QUOTA}
    # Later ones go there straight away.
    later = order(alice)
    assert work() == ["completed"]
    assert routes(later)[0]["provider"] == "second"
    check_paid(task)


def test_last_good_key_is_found_however_many_are_dead(alice: APIClient, vendor: Open) -> None:
    server, _ = vendor("only", keys=6)
    server.faults = [envelope("invalid_api_key", status=401)] * 5
    task = order(alice)
    assert work() == ["processing"] * 5 + ["completed"]
    assert len(set(keys_used(server))) == 6
    check_paid(task)


def test_key_that_cannot_be_opened_is_no_lost_answer(alice: APIClient, vendor: Open) -> None:
    first, account = vendor("first")
    second, _ = vendor("second", standby_rank=1)
    account.keys.update(sealed="not by us")
    task = order(alice)
    assert work() == ["processing", "completed"]
    assert (len(first.asked), len(second.asked)) == (0, 1)
    check_paid(task)


def test_answer_outlives_a_database_that_cannot_note_how_its_vendor_stands(
    alice: APIClient, vendor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, account = vendor("only")
    Account.objects.filter(pk=account.pk).update(failures=2)

    def fail(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("generation.accounts.standing.hear_success", fail)
    task = order(alice)
    assert work() == ["completed"]
    assert len(server.asked) == 1
    check_paid(task)


def test_vendor_that_stays_broken_is_asked_a_few_times(alice: APIClient, vendor: Open) -> None:
    server, _ = vendor("only")
    server.faults = [OWN_FAILURE] * 9
    task = order(alice)
    said = []
    for _ in range(6):
        Attempt.objects.update(run_at=Now())
        said += work()
    assert said == ["processing"] * 3 + ["failed"]
    assert alice.get(f"/api/v1/tasks/{task}").json()["error"]["code"] == "provider_unavailable"


@pytest.mark.parametrize("status", [403, 404, 503])
def test_picture_that_is_paid_for_is_fetched_again_and_not_ordered_again(
    alice: APIClient, vendor: Open, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("generation.work.trying.draining.wait", lambda seconds: False)
    server, _ = vendor("only")
    server.respond = lambda asked: (
        Reply(body={"data": [{"url": f"{server.url}/picture.png"}]})
        if asked.method == "POST"
        else Reply(body=picture(), headers={"content-type": "image/png"})
    )
    task = order(alice)
    create, page = server.respond, Reply(status, b"not yet")
    said = [page, page]
    server.respond = lambda asked: said.pop() if asked.method == "GET" and said else create(asked)
    assert work() == ["completed"]
    assert (server.count("POST"), server.count("GET")) == (1, 3)
    # The key is the vendor's alone; a picture may lie anywhere.
    assert "authorization" not in server.asked[-1].headers
    check_paid(task)


def test_refusal_is_final_and_nobody_else_is_asked(alice: APIClient, vendor: Open) -> None:
    first, _ = vendor("first")
    second, _ = vendor("second")
    first.faults = second.faults = [envelope("moderation_blocked")]
    task = order(alice)
    assert work() == ["failed"]
    assert len(first.asked) + len(second.asked) == 1
    body = alice.get(f"/api/v1/tasks/{task}").json()
    assert body["error"]["code"] == "content_refused"
    assert (body["credits"]["captured"], body["credits"]["held"]) == (0, 0)


def test_each_gets_its_weight_s_part(alice: APIClient, vendor: Open) -> None:
    vendor("heavy", weight=100)
    vendor("none", weight=0)
    tasks = [order(alice) for _ in range(5)]
    assert {routes(task)[0]["provider"] for task in tasks} == {"heavy"}
    Account.objects.filter(alias="none").update(weight=10_000)
    seen = {routes(order(alice))[0]["provider"] for _ in range(5)}
    assert "none" in seen


def test_what_waits_for_an_account_that_rests_is_given_to_another(
    alice: APIClient, vendor: Open
) -> None:
    first, account = vendor("first")
    second, _ = vendor("second", standby_rank=1)
    task = order(alice)
    Account.objects.filter(pk=account.pk).update(
        resting_until=Now() + timedelta(hours=1), resting_why=Rest.FAILING
    )
    assert work() == []
    assert rerouting.reroute() == 1
    assert rerouting.reroute() == 0
    assert work() == ["completed"]
    assert (len(first.asked), len(second.asked)) == (0, 1)
    assert attempt_states(task) == ["canceled", "succeeded"]
    check_paid(task)


def test_order_waits_for_the_only_account_and_is_made_when_it_is_back(
    alice: APIClient, vendor: Open
) -> None:
    server, account = vendor("only")
    rest = Account.objects.filter(pk=account.pk)
    rest.update(resting_until=Now() + timedelta(hours=1), resting_why=Rest.FAILING)
    task = order(alice)
    assert (work(), rerouting.reroute(), rerouting.ring_back()) == ([], 0, 0)
    paused = alice.get(f"/api/v1/tasks/{task}").json()["paused"]
    assert paused["code"] == "provider_rests"
    rest.update(resting_until=Now() - timedelta(seconds=1))
    assert rerouting.ring_back() == 1
    assert work() == ["completed"]
    assert len(server.asked) == 1
    check_paid(task)


def test_account_that_lost_its_room_puts_the_order_back_unsent(
    alice: APIClient, vendor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, account = vendor("only")
    task = order(alice)
    # Filled between the claim and the sending, by another worker.
    monkeypatch.setattr("generation.accounts.standing.count_at_work", lambda attempt: 5)
    Account.objects.filter(pk=account.pk).update(concurrency=5)
    assert work() == ["put_back"]
    assert server.asked == []
    assert attempt_states(task) == ["canceled", "queued"]
    monkeypatch.undo()
    Attempt.objects.update(run_at=Now())
    assert work() == ["completed"]
    check_paid(task)


@pytest.mark.parametrize("holder", [Platform, ApiKey])
def test_what_must_stay_in_the_house_reaches_nobody_outside(
    alice: APIClient, vendor: Open, reached: set[int], holder: Any
) -> None:
    house, _ = vendor("house", is_in_house=True)
    outside, _ = vendor("outside", weight=10_000)
    holder.objects.update(local_only=True)
    house.faults = [OWN_FAILURE]
    task = order(alice)
    # The one of the house is tried again later; nobody outside stands by.
    assert work() == ["processing"]
    Attempt.objects.update(run_at=Now())
    rerouting.reroute()
    assert work() == ["completed"]
    assert house.port in reached
    assert outside.port not in reached
    assert {route["provider"] for route in routes(task)} == {"house"}
    assert routes(task)[0]["considered"][1] == {"provider": "outside", "why": "leaves_the_house"}
    check_paid(task)


def test_model_that_is_only_made_outside_is_refused_by_name(
    alice: APIClient, vendor: Open, reached: set[int]
) -> None:
    outside, _ = vendor("outside")
    Platform.objects.update(local_only=True)
    body = {"prompt": "a star", "model": MODEL}
    found = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "model"))
    assert found["errors"][0]["code"] == "leaves_the_house"
    assert outside.port not in reached


def test_account_that_left_the_house_gets_nothing_that_must_stay(
    alice: APIClient, vendor: Open, reached: set[int]
) -> None:
    server, account = vendor("house", is_in_house=True)
    Platform.objects.update(local_only=True)
    task = order(alice)
    Account.objects.filter(pk=account.pk).update(is_in_house=False)
    assert work() == ["failed"]
    assert server.port not in reached
    assert alice.get(f"/api/v1/tasks/{task}").json()["error"]["code"] == "stays_in_house"
