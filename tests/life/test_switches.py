"""Providers and models switched off or deleted: what waits for them says so or fails by its own name, nobody works for
them meanwhile, and orders for them are refused by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import claims, dues, rescue
from generation.life.claims import Claim
from generation.models import Account, Offer, Task, Worker
from generation.work import run
from genhub.platforms.models import Platform
from tests.api.refusals import GENERATE, refused
from tests.beats import let_loops_be_well
from tests.books import find_mistakes
from tests.races import together
from tests.steps import attempt_states, claim, submit

pytestmark = pytest.mark.django_db
HEALTH = "/api/v1/health"
Switch = Callable[[bool], Any]


def claim_into(claimed: list[Claim | None]) -> None:
    claimed.append(claims.claim_next("local", worker="tests"))


def switch_provider(is_on: bool) -> None:
    Account.objects.update(is_enabled=is_on)


def switch_model(is_on: bool) -> None:
    Offer.objects.update(is_enabled=is_on)


SWITCHES = [
    pytest.param(switch_provider, "provider_switched_off", id="provider"),
    pytest.param(switch_model, "model_switched_off", id="model"),
]


def read(client: APIClient, task: Task, part: str = "", language: str = "en") -> Any:
    address = f"/api/v1/tasks/{task}{part}"
    return client.get(address, HTTP_ACCEPT_LANGUAGE=language).json()


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(("switch", "code"), SWITCHES)
def test_what_waits_for_something_switched_off_says_so_and_goes_on_later(
    alice: APIClient, switch: Switch, code: str
) -> None:
    task = submit(alice)
    assert read(alice, task)["paused"] is None
    switch(False)
    assert run.run_queue("local") == []
    assert not dues.is_due("local")
    assert rescue.sweep() == 0
    assert rescue.end_gone() == 0
    messages = set()
    for part in ("", "/status"):
        for language in ("en", "zh-hans"):
            found = read(alice, task, part, language)
            assert (found["status"], found["paused"]["code"]) == ("pending", code)
            assert found["message"] == found["paused"]["message"]
            messages.add(found["message"])
    assert len(messages) == 2
    assert alice.get("/api/v1/tasks").json()["items"][0]["paused"]["code"] == code
    switch(True)
    assert rescue.sweep() == 1
    assert [ended["ended"] for ended in run.run_queue("local")] == ["completed"]
    found = read(alice, task)
    assert (found["status"], found["paused"]) == ("completed", None)


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(("switch", "code"), SWITCHES)
def test_deadline_ends_what_waits_for_something_switched_off(
    alice: APIClient, switch: Switch, code: str
) -> None:
    task = submit(alice)
    switch(False)
    Task.objects.update(deadline_at=Now())
    assert rescue.end_late() == 1
    found = read(alice, task)
    assert (found["status"], found["error"]["code"], found["paused"]) == (
        "failed", "deadline_exceeded", None,
    )  # fmt: skip
    assert found["credits"]["held"] == 0


@pytest.mark.usefixtures("stub")
def test_what_is_under_way_ends_as_it_began(alice: APIClient) -> None:
    task = submit(alice)
    claim()
    switch_provider(is_on=False)
    assert read(alice, task)["paused"] is None


@pytest.mark.usefixtures("stub")
def test_others_are_served_past_what_is_switched_off(alice: APIClient, stub: Account) -> None:
    other = stub.offers.create(alias="other", default_width=64, default_height=64, smallest_side=16)
    first, second = submit(alice, model="other"), submit(alice)
    Offer.objects.filter(pk=other.pk).update(is_enabled=False)
    assert claim().task_id == second.pk
    assert claims.claim_next("local", worker="tests") is None
    first.refresh_from_db()
    assert first.state == "pending"


@pytest.mark.usefixtures("stub")
def test_deleted_model_fails_what_waits_for_it_at_once(alice: APIClient) -> None:
    task, running = submit(alice), submit(alice)
    under_way = claim()
    assert under_way.task_id == task.pk
    Offer.objects.all().delete()
    # No claim touches it, and nobody else's order is made in its place.
    assert claims.claim_next("local", worker="tests") is None
    assert rescue.end_gone() == 1
    assert rescue.end_gone() == 0
    for language, word in (("en", "was removed"), ("zh-hans", "移除")):
        found = read(alice, running, language=language)
        assert (found["status"], found["error"]["code"]) == ("failed", "model_gone")
        assert "z-image-small" in found["error"]["message"]
        assert word in found["error"]["message"]
        assert (found["credits"]["held"], found["credits"]["released"]) == (0, 10)
    assert attempt_states(task) == ["running"]
    assert find_mistakes() == []


@pytest.mark.usefixtures("stub")
@pytest.mark.django_db(transaction=True)
def test_model_deleted_while_it_is_claimed(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account
) -> None:
    rich("alice", 10_000)
    alice = client_of("alice")
    columns: dict[str, Any] = dict(Offer.objects.values().get())
    del columns["id"]
    for _ in range(8):
        task = submit(alice)
        claimed: list[Claim | None] = []
        together(
            partial(claim_into, claimed),
            Offer.objects.all().delete,
            rescue.end_gone,
        )
        rescue.end_gone()
        task.refresh_from_db()
        # It is made by what its claim read, or it has failed; it never waits for nobody.
        expected = "processing" if claimed[0] else "failed"
        assert (task.state, task.error_code) == (expected, "" if claimed[0] else "model_gone")
        alice.post(f"/api/v1/tasks/{task}/cancel")
        Offer.objects.create(**columns)
    assert find_mistakes() == []


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize("whose", ["hub", "platform"])
def test_default_model_that_is_not_offered_is_refused_by_name(
    alice: APIClient, shop: Platform, settings: Settings, whose: str
) -> None:
    if whose == "hub":
        settings.DEFAULT_MODEL = "gone"
    else:
        Platform.objects.filter(pk=shop.pk).update(default_model="gone")
    for address in (GENERATE, "/api/v1/quote"):
        expect = (400, "invalid_request", "model")
        problem = refused(alice, address, body={"prompt": "a star"}, expect=expect)
        [error] = problem["errors"]
        assert error["code"] == "default_unavailable"
        assert "“gone”" in error["message"]
    # One that is named is taken.
    assert submit(alice, model="z-image-small").model == "z-image-small"


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(("switch", "code"), SWITCHES)
def test_order_for_something_switched_off_is_refused_by_name(
    alice: APIClient, switch: Switch, code: str
) -> None:
    switch(False)
    body = {"prompt": "a star", "model": "z-image-small"}
    problem = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "model"))
    assert problem["errors"][0]["code"] == "switched_off"
    body["model"] = "nobody-knows"
    problem = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "model"))
    assert problem["errors"][0]["code"] == "unknown"


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize(("switch", "code"), SWITCHES)
def test_hub_that_offers_nothing_is_ill(client: Any, switch: Switch, code: str) -> None:
    let_loops_be_well()
    Worker.objects.create(name="w", queues=["local"], beat_at=Now())
    assert client.get(HEALTH).status_code == 200
    switch(False)
    answer = client.get(HEALTH)
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
    assert "no enabled provider" in answer.json()["checks"]["models"]


@pytest.mark.usefixtures("stub")
def test_hub_without_its_default_model_is_degraded(client: Any, settings: Settings) -> None:
    let_loops_be_well()
    Worker.objects.create(name="w", queues=["local"], beat_at=Now())
    settings.DEFAULT_MODEL = "gone"
    answer = client.get(HEALTH)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "'gone'" in answer.json()["checks"]["default model"]


def test_claim_asks_the_switches_by_keys(alice: APIClient, stub: Account) -> None:
    for _ in range(3):
        submit(alice)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        gate = "SELECT '{}'::bigint[] AS accounts"
        due = f"EXPLAIN WITH gate AS ({gate}), due AS ({claims.NEXT}) SELECT id FROM due"  # noqa: S608
        cursor.execute(due, {"queue": "local"})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # Never flattened into a join, which might begin at the models and read every task of theirs.
    assert "SubPlan" in plan
    # Which of their indexes it takes for so few rows is a matter of statistics.
    assert "Seq Scan" not in plan
