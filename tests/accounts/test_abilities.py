"""One model at several accounts that do not take the same words: an order goes where all is taken that it says."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life import rerouting
from generation.models import Account, Attempt, Event, Task
from generation.spec import OPTIONS, GenerationSpec, ModelCard
from tests.api.refusals import GENERATE, check_problem, nothing_moves
from tests.steps import claim, submit

pytestmark = pytest.mark.django_db
MODEL = "z-image-small"
WORDS: dict[str, Any] = {
    "negative_prompt": "blurry", "steps": 9, "cfg_scale": 3.5, "seed": 7,
}  # fmt: skip


@pytest.fixture
def plain(stub: Account) -> Account:
    """A second account of the usual model, which takes nothing but a prompt, and stands by."""
    account = Account.objects.create(alias="plain", adapter="stub", queue="local", standby_rank=1)
    account.offers.create(alias=MODEL, default_width=64, default_height=64, smallest_side=16,
                          largest_side=1024, unsupported=list(OPTIONS))  # fmt: skip
    return account


def route_of(task: Task) -> dict[str, str]:
    """Return what was thought of each account, by its alias."""
    event = Event.objects.filter(task=task, kind="routed").latest("id")
    return {one["provider"]: one["why"] for one in event.data["considered"]}


def rest(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(resting_until="2999-01-01T00:00Z")


def test_standby_that_takes_nothing_makes_what_says_nothing(
    alice: APIClient, stub: Account, plain: Account
) -> None:
    """What the hub filled in for the one is not asked of the other."""
    task = submit(alice)
    assert task.spec["seeds"]
    assert task.spec["steps"]
    rest(stub)
    assert rerouting.reroute() == 1
    found = claim()
    assert found.account == plain
    spec = found.spec
    assert (spec.seeds, spec.steps, spec.cfg_scale, spec.negative_prompt) == ((), None, None, "")
    assert spec.number == 1


@pytest.mark.parametrize("word", WORDS)
def test_order_goes_where_its_words_are_taken(
    alice: APIClient, stub: Account, plain: Account, word: str
) -> None:
    # Though its turn would be the other's.
    Account.objects.filter(pk=stub.pk).update(standby_rank=2)
    assert route_of(submit(alice)) == {"plain": "chosen", "stub": "standby"}
    task = submit(alice, **{word: WORDS[word]})
    assert route_of(task) == {"stub": "chosen", "plain": "unable"}
    rest(stub)
    # Nobody else makes what it says: it waits.
    assert rerouting.reroute() == 0
    assert Attempt.objects.get(task=task).account == stub


def test_word_that_nobody_takes_is_refused_by_name(
    alice: APIClient, stub: Account, plain: Account
) -> None:
    stub.offers.update(unsupported=["steps"])
    with nothing_moves():
        answer = alice.post(GENERATE, {"prompt": "a star", "steps": 9}, format="json")
    check_problem(answer, 400, "invalid_request", "steps")


def test_spec_of_an_earlier_release_keeps_what_it_holds() -> None:
    """Nobody knows what of it was asked for; a strength alone was dropped where none was taken."""
    whole = GenerationSpec("image", MODEL, "a star", "blurry", 64, 64, 9, 3.5, (7,), strength=0.7)
    values = whole.to_json()
    del values["said"]
    bare = ModelCard(MODEL, unsupported=OPTIONS)
    kept = GenerationSpec.from_json(values).fitted(bare)
    assert (kept.seeds, kept.steps, kept.strength) == ((7,), 9, None)
    # What it does not hold, no other account has to take.
    assert kept.said == ("negative_prompt", "steps", "cfg_scale", "seed")
