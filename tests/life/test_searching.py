"""Orders in doubt are looked for at their vendor: the one that it surely is, is taken; any other waits for a person."""

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life import searching, sending, waiting
from generation.models import Account, Attempt, Event, Task
from generation.providers.base import Capabilities
from generation.providers.stub import StubProvider
from generation.work import lost, run
from tests.steps import attempt_states, claim, die, submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


def work() -> list[str]:
    return [entry["ended"] for entry in run.run_queue("local")]


def lose(alice: APIClient, words: str) -> Task:
    """Have an order lost, whose prompt says what its vendor finds."""
    task = submit(alice, f"a star stub:lost {words}")
    assert work() == ["unknown"]
    return task


def be_due() -> None:
    Attempt.objects.filter(look_at__isnull=False).update(look_at=Now())


def test_only_order_of_that_prompt_and_time_is_found_by_itself(
    alice: APIClient, stub: Account
) -> None:
    task = lose(alice, "stub:found=1")
    assert work() == []
    be_due()
    assert work() == ["completed"]
    found = Event.objects.get(task=task, kind="found")
    assert found.data["by"] == "search"
    assert Hold.objects.get().captured == task.price
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        ("stub:found=0", 0),
        ("stub:found=2", 2),
        ("stub:found=50", searching.MOST_SUGGESTED),
        ("stub:found=other", 1),
        ("stub:found=late", 1),
    ],
)
def test_what_may_be_another_order_is_only_suggested(
    alice: APIClient, stub: Account, words: str, suggested: int
) -> None:
    task = lose(alice, words)
    be_due()
    assert work() == []
    assert attempt_states(task) == ["unknown"]
    assert len(Attempt.objects.get().suggested) == suggested


def test_order_that_another_attempt_has_is_not_taken_from_it(
    alice: APIClient, stub: Account
) -> None:
    task = lose(alice, "stub:found=1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "find", lambda *_, **__: None)
        [seen] = lost.look(Attempt.objects.select_related("account", "task").get())
    other = submit(alice, "stub:wait=1000000")
    assert work() == ["waiting"]
    # As one of the ids of an order of several calls.
    Attempt.objects.filter(task=other).update(remote_id=f"first,{seen.remote_id}")
    be_due()
    assert work() == []
    assert attempt_states(task) == ["unknown"]
    [suggestion] = Attempt.objects.get(task=task).suggested
    assert suggestion["is_taken"]


def test_vendor_that_cannot_be_asked_is_asked_later_and_seldomer(
    alice: APIClient, stub: Account
) -> None:
    task = lose(alice, "stub:found=busy")
    for looks in range(1, 4):
        be_due()
        assert work() == []
        assert Attempt.objects.get().looks == looks
        assert searching.list_due().count() == 0
    pauses = [searching.pause_after(looks) for looks in range(50)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5.0, searching.LONGEST_LOOK_SECONDS)
    assert attempt_states(task) == ["unknown"]


def test_vendor_that_breaks_over_the_question_spoils_no_other_work(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(alice, "stub:found=1")
    monkeypatch.setattr(StubProvider, "find_lost", lambda *_: 1 / 0)
    be_due()
    submit(alice)
    assert work() == ["completed"]


def test_order_of_a_dead_worker_is_looked_for_too(alice: APIClient, stub: Account) -> None:
    task = submit(alice, "a star stub:found=1")
    sending.note_sending(claim())
    die()
    assert attempt_states(task) == ["unknown"]
    be_due()
    assert work() == ["completed"]


def test_vendor_that_lists_nothing_is_not_asked(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubProvider, "capabilities", Capabilities())
    lose(alice, "stub:found=1")
    assert Attempt.objects.get().look_at is None


def test_look_that_ends_after_the_doubt_changes_nothing(alice: APIClient, stub: Account) -> None:
    task = lose(alice, "stub:found=1")
    seen = Attempt.objects.select_related("account", "task").get()
    waiting.decide_not_taken(seen.pk, by="fay", reason="looked at their page")
    assert lost.look(seen) == []
    assert attempt_states(task) == ["canceled", "queued"]


def test_two_workers_do_not_look_for_one_order(alice: APIClient, stub: Account) -> None:
    lose(alice, "stub:found=1")
    be_due()
    assert searching.claim_look("local") is not None
    assert searching.claim_look("local") is None
    struck("J15")
