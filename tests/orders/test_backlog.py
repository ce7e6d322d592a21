"""How much may wait: bounds of pictures under way by user, platform and hub, exact under races; counted by the
database, given back by every end."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.life import attempt_ends
from generation.life.unpaid_ends import cancel_task
from generation.models import (
    Account,
    Attempt,
    Pace,
    PlatformBacklog,
    Task,
    UserBacklog,
    Worker,
)
from generation.providers.errors import ProviderError
from generation.work import run
from genhub.platforms.models import Platform
from tests.api.refusals import GENERATE, header_of, refused
from tests.books import find_mistakes
from tests.races import together
from tests.steps import claim, die, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]
ORDER = {"prompt": "a star"}


def count() -> tuple[int, int]:
    """Return the pictures under way by the users' and by the platforms' counters."""
    users = sum(UserBacklog.objects.values_list("pictures", flat=True))
    return users, sum(PlatformBacklog.objects.values_list("pictures", flat=True))


def order(client: APIClient, **words: Any) -> int:
    return client.post(GENERATE, {**ORDER, **words}, format="json").status_code


@pytest.mark.parametrize("scope", ["user", "platform", "hub"])
def test_the_limit_is_named_and_nothing_is_made(
    alice: APIClient, shop: Platform, settings: Settings, scope: str
) -> None:
    if scope == "user":
        settings.QUEUE_MOST_PER_USER = 10
    elif scope == "platform":
        Platform.objects.filter(pk=shop.pk).update(most_under_way=10)
    else:
        settings.QUEUE_MOST = 10
    submit(alice, num_images=9)
    problem = refused(alice, GENERATE, body=ORDER | {"num_images": 2}, expect=(429, "queue_full"))
    assert problem["params"] == {"scope": scope, "limit": 10, "wanted": 2}
    answer = alice.post(GENERATE, ORDER | {"num_images": 2}, format="json")
    assert 1 <= int(answer.headers["Retry-After"]) <= 300
    quote = alice.post("/api/v1/quote", ORDER | {"num_images": 2}, format="json").json()
    assert (quote["affordable"], quote["refusal"]) == (False, "queue_full")
    # What fits is taken.
    assert order(alice) == 202
    assert count() == (10, 10)


def test_it_is_said_when_so_many_are_done(
    alice: APIClient, stub: Account, settings: Settings
) -> None:
    Pace.objects.create(
        account=stub, model="z-image-small", size=12, steps=4, seconds=7, busy_seconds=7, weight=1
    )
    Worker.objects.create(name="local@here", queues=["local"], beat_at=Now())
    settings.QUEUE_MOST_PER_USER = 4
    submit(alice, num_images=4)
    for pictures, seconds in ((1, "7"), (3, "21")):
        answer = alice.post(GENERATE, ORDER | {"num_images": pictures}, format="json")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, seconds)
    Pace.objects.update(busy_seconds=3600)
    answer = alice.post(GENERATE, ORDER, format="json")
    assert answer.headers["Retry-After"] == "300"


def test_platforms_own_limit_counts_before_the_hubs_usual_one(
    alice: APIClient, shop: Platform, settings: Settings, rich: Callable[..., Any]
) -> None:
    rich("alice", 1000)
    settings.QUEUE_MOST_PER_PLATFORM = 10
    Platform.objects.filter(pk=shop.pk).update(most_under_way=18)
    assert [order(alice, num_images=9) for _ in range(3)] == [202, 202, 429]


def test_new_users_are_bound_by_their_platform_and_the_hub(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Any],
    settings: Settings,
) -> None:
    settings.QUEUE_MOST_PER_PLATFORM = 10
    answers = []
    for name in ("a", "b", "c", "d"):
        rich(name, 100)
        answers.append(order(client_of(name), num_images=4))
    assert answers == [202, 202, 429, 429]


def test_repeated_key_finds_its_task_when_the_queue_is_full(
    alice: APIClient, settings: Settings
) -> None:
    settings.QUEUE_MOST_PER_USER = 9
    sent = partial(alice.post, GENERATE, ORDER | {"num_images": 9}, format="json")
    answers = [sent(HTTP_IDEMPOTENCY_KEY="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Task.objects.count() == 1


def test_equal_orders_of_one_moment_are_one_task_though_it_fills_the_queue(
    alice: APIClient, settings: Settings
) -> None:
    settings.QUEUE_MOST_PER_USER = 9
    header: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "once", **header_of(alice)}

    def send() -> int:
        body = ORDER | {"num_images": 9}
        return int(APIClient().post(GENERATE, body, format="json", **header).status_code)

    [answers] = together(*[send] * 8)
    assert set(answers) == {202}
    assert Task.objects.count() == 1


def test_every_end_gives_back(alice: APIClient, stub: Account) -> None:
    # Completed, failed, canceled, tried again, abandoned and taken back, handed back.
    submit(alice), submit(alice, "stub:fail")
    cancel_task(submit(alice).pk)
    run.run_queue("local")
    assert count() == (0, 0)
    submit(alice, "stub:retry", num_images=3)
    run.run_queue("local")
    # Its next attempt is due in seconds, which the rest of this test may take.
    Attempt.objects.filter(state="queued").update(run_at=Now() + timedelta(hours=1))
    assert count() == (3, 3)
    task = submit(alice, num_images=2)
    claim()
    die()
    assert count() == (5, 5)
    attempt_ends.hand_back(claim())
    assert count() == (5, 5)
    attempt_ends.fail(claim(), ProviderError("told to"))
    assert count() == (3, 3)
    task.refresh_from_db()
    assert task.state == "failed"
    assert find_mistakes() == []


def test_audit_finds_a_count_that_lies(alice: APIClient) -> None:
    submit(alice)
    for model in (UserBacklog, PlatformBacklog):
        model.objects.update(pictures=7)
        assert {finding.check for finding in find_mistakes()} == {
            "backlog_counts_what_is_under_way"
        }
        model.objects.update(pictures=1)
    assert find_mistakes() == []


@pytest.mark.parametrize("scope", ["user", "platform", "hub"])
def test_orders_of_one_moment_never_exceed_the_limit(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Any],
    settings: Settings,
    scope: str,
) -> None:
    limit = {"user": "_PER_USER", "platform": "_PER_PLATFORM", "hub": ""}[scope]
    setattr(settings, f"QUEUE_MOST{limit}", 20)
    others = [Platform.objects.create(code=f"p{n}", name="P") for n in range(8)]
    clients = []
    for number, other in enumerate(others):
        words = {"platform": other} if scope == "hub" else {}
        name = "alice" if scope == "user" else f"u{number}"
        clients.append(client_of(name, **words))
    # Free, so that no purse lets them through one by one.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE credits_pricerule SET amount = 0")
    settings.DEFAULT_IMAGE_CREDIT_COST = 0
    codes: list[int] = []
    together(*[lambda client=client: codes.append(order(client, num_images=3)) for client in clients],
             rounds=3)  # fmt: skip
    assert sorted(set(codes)) == [202, 429]
    assert codes.count(202) == 6
    assert count() == (18, 18)
    assert find_mistakes() == []
