"""Where an order stands: as the claims will really come, bounded however many wait, and how long that takes."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from generation.life.attempt_ends import complete
from generation.models import Account, Attempt, Pace, Share, Worker
from generation.selectors import line
from generation.selectors.line import Rate, find_places, rounded
from genhub.platforms.models import Platform
from tests.queued import place_in, wait_in
from tests.steps import claim, collect, submit

pytestmark = pytest.mark.django_db
IDLE: dict[str, Any] = {
    "threads": 1,
    "busy_seconds": 2.0,
    "held": 0,
    "concurrency": None,
    "seconds": 2.0,
    "at_work": 0,
    "part": 1.0,
    "rests_seconds": 0.0,
}


def work_at(queue: str, threads: int = 1) -> None:
    """Let a worker serve a queue."""
    Worker.objects.create(name=f"{queue}@here", queues=[queue], threads=threads, beat_at=Now())


@pytest.mark.parametrize("seed", range(4))
def test_each_is_claimed_when_its_position_says(stub: Account, shop: Platform, seed: int) -> None:
    chance = random.Random(seed)
    shares = [place_in(shop, f"u{n}", priority=chance.choice([0, 5, 5, 9])) for n in range(8)]
    # The orders of a user are alike, those of different users not.
    sizes = {share.pk: chance.randint(1, 4) for share in shares}
    for _ in range(3):
        for share in chance.choices(shares, k=8):
            wait_in([share], stub, pictures=sizes[share.pk])
        for _ in range(3):
            claim()
    waiting = set(Attempt.objects.filter(state="queued").values_list("task_id", flat=True))
    places = find_places(waiting)
    assert not any(place.is_least for place in places.values())
    said = sorted(places, key=lambda task_id: places[task_id].position)
    assert [places[task_id].position for task_id in said] == list(range(1, len(waiting) + 1))
    assert [claim().task_id for _ in waiting] == said


def test_two_queries_for_one_and_for_many(
    stub: Account, shop: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tasks = wait_in([place_in(shop, f"u{n % 5}") for n in range(20)], stub)
    for wanted in (tasks[-1:], tasks):
        with django_assert_num_queries(2):
            places = find_places([task.pk for task in wanted])
        assert len(places) == len(wanted)
    with django_assert_num_queries(0):
        assert find_places([]) == {}


def test_what_lies_beyond_the_bounds_is_said_to_be_at_least(
    stub: Account, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, others = place_in(shop, "alice"), [place_in(shop, f"u{n}") for n in range(6)]
    mine = [task for _ in range(6) for task in wait_in([own], stub)]
    wait_in(others * 2, stub)
    truth = find_places([task.pk for task in mine])
    monkeypatch.setattr(line, "MOST_ROWS", 3)
    monkeypatch.setattr(line, "MOST_SHARES", 4)
    bounded = find_places([task.pk for task in mine])
    for task in mine:
        known, least = truth[task.pk], bounded[task.pk]
        assert least.position <= known.position
        assert least.is_least or least.position == known.position
    assert bounded[mine[-1].pk].is_least
    assert not bounded[mine[0].pk].is_least


def test_a_share_that_may_not_run_more_holds_nobody_up_for_longer(
    stub: Account, shop: Platform
) -> None:
    bob = place_in(shop, "bob", priority=0)
    wait_in([bob] * 9, stub)
    [mine] = wait_in([place_in(shop, "alice")], stub)
    assert find_places([mine.pk])[mine.pk].position == 10
    Share.objects.filter(pk=bob.pk).update(cap=2)
    claim()
    found = find_places([mine.pk])[mine.pk]
    assert (found.position, found.is_least) == (2, True)


def test_one_that_is_not_due_or_may_not_run_yet_is_at_least_there(
    stub: Account, shop: Platform
) -> None:
    alice = place_in(shop, "alice")
    [first], [second] = [wait_in([alice], stub) for _ in range(2)]
    Share.objects.filter(pk=alice.pk).update(cap=1)
    assert claim().task_id == first.pk
    found = find_places([second.pk])[second.pk]
    assert (found.position, found.is_least) == (1, True)


def test_only_one_who_waits_is_told_where(
    alice: APIClient, mallory: APIClient, stub: Account
) -> None:
    submit(mallory, num_images=2)
    task = submit(alice)
    urls = [f"/api/v1/tasks/{task}", f"/api/v1/tasks/{task}/status"]
    told = {"position": 2, "starts_in_seconds": None, "is_least": False}
    assert [alice.get(url).json()["queue"] for url in urls] == [told, told]
    [listed] = alice.get("/api/v1/tasks").json()["items"]
    assert "queue" not in listed
    claim(), claim()
    assert [alice.get(url).json()["queue"] for url in urls] == [None, None]


def test_the_wait_is_estimated_from_what_pictures_took(
    alice: APIClient, rich: Callable[..., Any], stub: Account
) -> None:
    rich("alice", 1000)
    for _ in range(2):
        submit(alice)
        held = claim()
        Attempt.objects.filter(pk=held.attempt_id).update(started_at=Now() - timedelta(seconds=30))
        complete(held, collect(held))
    pace = Pace.objects.get()
    assert (pace.model, pace.size) == ("z-image-small", 12)
    assert pace.seconds == pytest.approx(30, abs=5)
    assert pace.weight == pytest.approx(2, abs=0.1)
    task = submit(alice, num_images=3)
    url = f"/api/v1/tasks/{task}/status"
    # Nobody works.
    assert alice.get(url).json()["queue"]["starts_in_seconds"] is None
    work_at("local")
    assert alice.get(url).json()["queue"]["starts_in_seconds"] == 0
    last = submit(alice)
    found = alice.get(f"/api/v1/tasks/{last}/status").json()["queue"]
    assert found["starts_in_seconds"] == pytest.approx(90, rel=0.2)
    stub.is_enabled = False
    stub.save()
    assert alice.get(url).json()["queue"]["starts_in_seconds"] is None


def test_no_end_waits_for_the_figures_of_another(alice: APIClient, stub: Account) -> None:
    submit(alice)
    held = claim()
    complete(held, collect(held))
    before = Pace.objects.get()
    submit(alice, width=128, height=128)
    other = claim()
    complete(other, collect(other))
    assert Pace.objects.count() == 2
    before.refresh_from_db()
    assert before.weight == 1


def test_figures_of_last_year_give_way_to_the_first_of_today(
    alice: APIClient, stub: Account
) -> None:
    kind = {"model": "z-image-small", "size": 12, "steps": 12}
    Pace.objects.create(account=stub, **kind, seconds=9e3, busy_seconds=9e3, weight=64)
    Pace.objects.update(updated_at=Now() - timedelta(days=365))
    work_at("local")
    submit(alice)
    task = submit(alice)
    queue = alice.get(f"/api/v1/tasks/{task}/status").json()["queue"]
    assert queue["starts_in_seconds"] == 9000
    held = claim()
    assert held.spec.steps == 12
    complete(held, collect(held))
    pace = Pace.objects.get()
    assert pace.weight == pytest.approx(1)
    assert pace.seconds < 60


@pytest.mark.parametrize(
    ("words", "pictures", "seconds"),
    [
        ({}, 0, 0),
        ({}, 3, 6),
        ({"threads": 3}, 3, 2),
        ({"held": 4}, 0, 4),
        ({"held": 4, "threads": 8}, 0, 0),
        ({"threads": 0}, 3, None),
        ({"busy_seconds": None}, 3, None),
        ({"rests_seconds": None}, 3, None),
        ({"rests_seconds": 60.0}, 3, 60),
        # A vendor that is only asked keeps nobody busy; what it takes at a time does.
        ({"busy_seconds": 0.0, "seconds": 20.0}, 8, 0),
        ({"busy_seconds": 0.0, "seconds": 20.0, "concurrency": 4}, 8, 40),
        ({"busy_seconds": 0.0, "seconds": 20.0, "concurrency": 4, "part": 0.5}, 8, 20),
        ({"busy_seconds": 0.0, "seconds": 20.0, "concurrency": 2, "at_work": 2}, 0, 10),
    ],
)
def test_wait_for_so_many_pictures(
    words: dict[str, Any], pictures: float, seconds: float | None
) -> None:
    assert Rate(**IDLE | words).wait_for(pictures) == seconds


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, None), (0.0, 0), (0.0123, 0.012), (1.26, 1.3), (87.6, 88), (1234.0, 1200)],
)
def test_an_estimate_has_two_digits(seconds: float | None, said: float | None) -> None:
    assert rounded(seconds) == said
