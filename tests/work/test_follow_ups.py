"""What a vendor does further with its picture goes to the account that has it, with the key that made it, and nowhere
else. Two Midjourney proxies on loopback, spoken to as in production."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold
from generation.accounts.costs import FREE
from generation.life import rerouting, rescue, waiting
from generation.models import Account, AccountKey, Attempt, Event, Task
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.models import Platform
from tests.api.refusals import refused
from tests.books import find_mistakes
from tests.faults.providers.vendor import let_time_pass, work, work_on
from tests.providers.vendors.proxy import Proxy, receipt
from tests.providers.vendors.server import Server, Silence
from tests.steps import attempt_states, submit

pytestmark = pytest.mark.django_db
MODEL = "midjourney"
OURS = {"state", "notifyHook"}
IN_AN_HOUR = timedelta(hours=1)


@dataclass
class Vendor:
    """A proxy, and the account there."""

    server: Server
    proxy: Proxy
    account: Account

    def changes(self) -> list[dict[str, Any]]:
        """Return what was ordered of its grids, but for what the hub calls the order."""
        said = [a.json for a in self.server.asked if a.path.endswith("/submit/change")]
        return [{name: value for name, value in one.items() if name not in OURS} for one in said]

    def keys(self) -> list[str]:
        """Return with which keys orders came."""
        asked = [a for a in self.server.asked if "/submit/" in a.path]
        return [one.headers["mj-api-secret"] for one in asked]


@pytest.fixture
def vendors(settings: Settings) -> Iterator[dict[str, Vendor]]:
    """Two accounts of one model; each has two keys, and ids of its own."""
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with ExitStack() as stack:
        found = {}
        for number, alias in enumerate(("one", "other"), 1):
            proxy = Proxy(first=100 * number)
            server = stack.enter_context(Server(proxy.respond).running())
            account = Account.objects.create(
                alias=alias, adapter="midjourney", queue="remote", base_url=server.url
            )
            account.offers.create(
                alias=MODEL, unsupported=["steps", "cfg_scale", "mask"], usd_per_picture="0.05"
            )
            for name in ("first", "second"):
                key = AccountKey(account=account, name=name)
                key.keep(f"{name}-key-of-{alias}")
                key.save()
            found[alias] = Vendor(server, proxy, account)
        yield found


@dataclass
class Grid:
    """A grid that was made: whose it is, and whose it is not."""

    task: Task
    maker: Vendor
    stranger: Vendor


@pytest.fixture
def grid(alice: APIClient, vendors: dict[str, Vendor]) -> Grid:
    """A grid of alice's, at an account that only stands by since: routing would choose the other one."""
    task = made(submit(alice, model=MODEL, seed=7, negative_prompt="fog", metadata={"post": 3}))
    attempt = Attempt.objects.get(task=task)
    maker = vendors.pop(attempt.account.alias)
    Account.objects.filter(pk=maker.account.pk).update(standby_rank=9, weight=1)
    [stranger] = vendors.values()
    stranger.server.asked.clear()
    return Grid(task, maker, stranger)


def made(task: Task) -> Task:
    """Let workers make an order, and return its task, which is paid."""
    work_on()
    task.refresh_from_db()
    assert task.state == "completed", task.error_code
    assert Hold.objects.get(reference=task.pk).captured == task.price > 0
    assert find_mistakes() == []
    return task


def door(task: Task, suffix: str = "") -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}/follow{suffix}"


def follow(client: APIClient, task: Task, **words: Any) -> Task:
    answer = client.post(door(task), words, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def told(client: APIClient, task: Task) -> Any:
    return client.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()


def test_grid_is_varied_and_its_variation_upscaled_where_it_is(
    alice: APIClient, grid: Grid
) -> None:
    [first_id] = grid.maker.proxy.jobs
    variation = made(follow(alice, grid.task, action="variation", picture=0, part=3))
    upscale = made(follow(alice, variation, action="upscale", part=2))
    reroll = made(follow(alice, variation, action="reroll"))
    second_id = list(grid.maker.proxy.jobs)[1]
    assert grid.maker.changes() == [
        {"taskId": first_id, "action": "VARIATION", "index": 3},
        {"taskId": second_id, "action": "UPSCALE", "index": 2},
        {"taskId": second_id, "action": "REROLL"},
    ]
    assert grid.stranger.server.asked == []
    assert [told(alice, task)["provider"] for task in (variation, upscale, reroll)] == [
        grid.maker.account.alias
    ] * 3
    offered = [
        {"action": "upscale", "parts": 4},
        {"action": "variation", "parts": 4},
        {"action": "reroll", "parts": 0},
    ]
    tasks = (grid.task, variation, reroll, upscale)
    assert [told(alice, task)["follow_ups"] for task in tasks] == [offered] * 3 + [[]]
    assert (upscale.metadata, upscale.cost_usd) == (
        {"post": 3, "follows": to_wire("task", variation.pk)},
        grid.task.cost_usd,
    )
    [routed] = Event.objects.filter(task=upscale, kind="routed")
    alias = grid.maker.account.alias
    assert routed.data["considered"] == [{"provider": alias, "why": "has_the_picture"}]
    submitted = Event.objects.get(task=upscale, kind="submitted").data
    assert (submitted["action"], submitted["index"]) == ("upscale", 2)
    problem = refused(
        alice, door(upscale), body={"action": "upscale", "part": 1},
        expect=(400, "invalid_request", "picture"),
    )  # fmt: skip
    assert problem["errors"][0]["code"] == "is_last"


def test_each_goes_with_the_key_that_made_the_grid(alice: APIClient, grid: Grid) -> None:
    [key] = grid.maker.keys()
    for part in (1, 2, 3):
        made(follow(alice, grid.task, action="upscale", part=part))
    assert grid.maker.keys() == [key] * 4
    # A key that was taken out of use has been replaced by another one of the same customer.
    kept = Attempt.objects.get(task=grid.task).key
    assert kept is not None
    AccountKey.objects.filter(pk=kept.pk).update(is_enabled=False)
    made(follow(alice, grid.task, action="upscale", part=4))
    assert grid.maker.keys()[-1] != key


def test_order_waits_for_its_key_and_the_account_takes_others_meanwhile(
    alice: APIClient, grid: Grid
) -> None:
    key = Attempt.objects.get(task=grid.task).key
    assert key is not None
    AccountKey.objects.filter(pk=key.pk).update(resting_until=Now() + IN_AN_HOUR)
    task = follow(alice, grid.task, action="reroll")
    assert work() == ["put_back"]
    assert attempt_states(task) == ["canceled", "queued"]
    assert grid.maker.changes() == []
    assert grid.stranger.server.asked == []
    grid.maker.account.refresh_from_db()
    assert grid.maker.account.resting_until is None
    let_time_pass()
    made(task)
    assert len(set(grid.maker.keys())) == 1


def test_failure_there_sends_it_nowhere_else(alice: APIClient, grid: Grid) -> None:
    grid.maker.server.faults = [receipt(3, "无可用的账号实例")]
    task = follow(alice, grid.task, action="upscale", part=1)
    assert work() == ["processing"]
    assert attempt_states(task) == ["failed", "queued"]
    let_time_pass()
    made(task)
    accounts = set(Attempt.objects.filter(task=task).values_list("account", flat=True))
    assert accounts == {grid.maker.account.pk}
    assert grid.stranger.server.asked == []


def test_lost_answer_is_in_doubt_and_decided_for_the_same_account(
    alice: APIClient, grid: Grid
) -> None:
    grid.maker.server.faults = [Silence()]
    task = follow(alice, grid.task, action="upscale", part=1)
    assert work() == ["unknown"]
    let_time_pass()
    assert (rerouting.reroute(), work()) == (0, [])
    attempt = Attempt.objects.get(task=task)
    waiting.decide_not_taken(attempt.pk, by="carol", reason="Their list has none.")
    made(task)
    assert len(grid.maker.changes()) == 2
    assert grid.stranger.server.asked == []


def test_cancel_of_one_of_two_equal_orders_does_not_stop_the_other(
    alice: APIClient, grid: Grid
) -> None:
    """The proxy answers to the same upscale again with the task that exists."""
    first, second = (follow(alice, grid.task, action="upscale", part=1) for _ in range(2))
    assert work() == ["waiting", "waiting"]
    assert len(set(Attempt.objects.filter(state="waiting").values_list("remote_id"))) == 1
    alice.post(f"/api/v1/tasks/{to_wire('task', first.pk)}/cancel")
    let_time_pass()
    made(second)
    assert [a for a in grid.maker.server.asked if a.path.endswith("/cancel")] == []
    first.refresh_from_db()
    assert (first.state, first.cost_usd) == ("canceled", FREE)
    assert not Attempt.objects.filter(needs_cancel=True).exists()
    # Once nobody waits for it any more, it is stopped.
    third = follow(alice, grid.task, action="upscale", part=2)
    assert work() == ["waiting"]
    alice.post(f"/api/v1/tasks/{to_wire('task', third.pk)}/cancel")
    work_on()
    assert len([a for a in grid.maker.server.asked if a.path.endswith("/cancel")]) == 1


def test_while_its_account_rests_it_waits_and_is_given_to_no_other(
    alice: APIClient, grid: Grid
) -> None:
    free = submit(alice, model=MODEL)
    Attempt.objects.filter(task=free).update(account=grid.maker.account)
    task = follow(alice, grid.task, action="upscale", part=1)
    Account.objects.filter(pk=grid.maker.account.pk).update(resting_until=Now() + IN_AN_HOUR)
    assert rerouting.reroute() == 1, "the one that any account can make"
    assert attempt_states(free) == ["canceled", "queued"]
    assert attempt_states(task) == ["queued"]
    assert told(alice, task)["paused"]["code"] == "provider_rests"
    let_time_pass()
    made(task)
    assert grid.maker.changes() != []


@pytest.mark.parametrize("what", ["account", "offer"])
def test_account_that_is_off_is_refused_by_name(alice: APIClient, grid: Grid, what: str) -> None:
    account = Account.objects.filter(pk=grid.maker.account.pk)
    (account if what == "account" else grid.maker.account.offers).update(is_enabled=False)
    for suffix in ("", "/quote"):
        problem = refused(
            alice, door(grid.task, suffix), body={"action": "upscale", "part": 1},
            expect=(409, "maker_switched_off"),
        )  # fmt: skip
        assert f"“{grid.maker.account.alias}”" in problem["detail"]
    assert told(alice, grid.task)["follow_ups"] == []


def test_task_ends_whose_account_offers_the_model_no_more(alice: APIClient, grid: Grid) -> None:
    task, free = follow(alice, grid.task, action="reroll"), submit(alice, model=MODEL)
    grid.maker.account.offers.all().delete()
    assert rescue.end_gone() == 1
    assert told(alice, task)["error"]["code"] == "model_gone"
    assert made(free).state == "completed"


def test_grid_that_the_vendor_has_no_more_costs_nothing(alice: APIClient, grid: Grid) -> None:
    grid.maker.proxy.jobs.clear()
    task = follow(alice, grid.task, action="reroll")
    assert work() == ["failed"]
    answer = told(alice, task)
    assert answer["error"]["code"] == "provider_refused"
    assert (answer["credits"]["captured"], answer["credits"]["held"]) == (0, 0)
    grid.maker.account.refresh_from_db()
    assert (grid.maker.account.failures, grid.stranger.server.asked) == (0, [])


@pytest.mark.parametrize("what", ["platform", "task"])
def test_what_must_stay_in_the_house_goes_on_with_nothing_outside(
    alice: APIClient, grid: Grid, what: str
) -> None:
    if what == "platform":
        Platform.objects.update(local_only=True)
    Task.objects.filter(pk=grid.task.pk).update(local_only=what == "task")
    problem = refused(
        alice, door(grid.task), body={"action": "reroll"},
        expect=(400, "invalid_request", "picture"),
    )  # fmt: skip
    assert problem["errors"][0]["code"] == "leaves_the_house"
    Account.objects.update(is_in_house=True)
    assert follow(alice, grid.task, action="reroll").local_only


def test_grid_is_refined_from_its_seed_and_what_followed_it_is_not(
    alice: APIClient, grid: Grid
) -> None:
    refine = door(grid.task).replace("follow", "refine")
    answer = alice.post(refine, {}, format="json")
    assert answer.status_code == 202, answer.json()
    work_on()
    prompts = [
        asked.json["prompt"] for asked in grid.stranger.server.asked if asked.method == "POST"
    ]
    assert prompts == [job.prompt for job in grid.maker.proxy.jobs.values()]
    assert "--seed 7" in prompts[0]
    upscale = made(follow(alice, grid.task, action="upscale", part=1))
    problem = refused(
        alice, door(upscale).replace("follow", "refine"), body={},
        expect=(400, "invalid_request", "picture"),
    )  # fmt: skip
    assert problem["errors"][0]["code"] == "follows"
