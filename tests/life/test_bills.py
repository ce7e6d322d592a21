"""What attempts cost, however they end, and the sum at their task: in the transaction that ends them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.accounts.costs import NOTHING
from generation.failures import AnswerLost
from generation.life import attempt_ends, claims, rescue, sending, waiting
from generation.models import Account, Attempt, Task
from generation.providers.base import CancelOutcome, Finished, Usage
from generation.providers.errors import ProviderError, Sent
from generation.providers.stub import StubProvider
from generation.work import process, run, storing
from tests.steps import attempt_states, claim, die, submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books", "stub"),
]
REASON = "looked at their page"


@pytest.fixture(autouse=True)
def offer(stub: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """What orders cost, and no pause before another try."""
    stub.offers.update(usd_per_picture="0.25")
    monkeypatch.setattr(attempt_ends, "delay", lambda failures, told: 0)


def answer(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
    """Let the vendor answer so, one order after the other, and then as it does."""
    said, plain = list(answers), StubProvider.submit

    def submit(self: StubProvider, work: Any) -> Any:
        outcome = said.pop(0) if said else None
        if isinstance(outcome, Exception):
            raise outcome
        made = plain(self, work)
        if outcome is not None and isinstance(made, Finished):
            return Finished(made.made, made.not_made, usage=outcome)
        return made

    monkeypatch.setattr(StubProvider, "submit", submit)


def work() -> list[str]:
    return [entry["ended"] for entry in run.run_queue("local")]


def costs(task: Task) -> tuple[str | None, list[str | None]]:
    """Return what the task cost, and each of its attempts; None: unknown."""
    task.refresh_from_db()
    rows = Attempt.objects.filter(task=task).order_by("number").values_list("cost_usd", flat=True)
    return plain(task.cost_usd), [plain(cost) for cost in rows]


def plain(cost: Decimal | None) -> str | None:
    return None if cost is None else f"{cost.normalize():f}"


def test_delivered_order_costs_what_was_made_and_keeps_what_was_counted(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, Usage(output_tokens=7, input_text_tokens=3))
    task = submit(alice, num_images=2)
    assert work() == ["completed"]
    assert costs(task) == ("0.5", ["0.5"])
    attempt = Attempt.objects.get()
    assert attempt.usage == {"pictures": 2, "output_tokens": 7, "input_text_tokens": 3}
    assert plain(attempt.dearest_usd) == "0.5"


def test_vendors_own_word_is_the_cost(alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, Usage(cost_usd=Decimal("0.0123456")))
    task = submit(alice)
    work()
    assert costs(task) == ("0.012346", ["0.012346"])


def test_failure_costs_only_what_is_billed_and_the_task_all_its_attempts(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = ProviderError("busy", sent=Sent.YES, retryable=True)
    lost = ProviderError("no picture", sent=Sent.YES, retryable=True, is_billed=True)
    answer(monkeypatch, busy, lost)
    task = submit(alice)
    assert work() == ["processing", "processing", "completed"]
    assert costs(task) == ("0.5", ["0", "0.25", "0.25"])


def test_last_failure_that_is_billed_is_the_tasks_cost(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, ProviderError("no picture", sent=Sent.YES, is_billed=True))
    task = submit(alice, num_images=2)
    assert work() == ["failed"]
    assert costs(task) == ("0.5", ["0.5"])


def test_pictures_that_could_not_be_stored_are_billed(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(storing, "save_output", refuse)
    monkeypatch.setattr(process.draining, "wait", lambda seconds: False)
    task = submit(alice, num_images=2)
    assert work() == ["failed"]
    assert costs(task) == ("0.5", ["0.5"])


def test_one_unknown_attempt_makes_the_task_unknown(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.offers.update(usd_per_picture=None)
    lost = ProviderError("no picture", sent=Sent.YES, retryable=True, is_billed=True)
    answer(monkeypatch, lost, Usage(cost_usd=Decimal("0.1")))
    task = submit(alice)
    assert work() == ["processing", "completed"]
    assert costs(task) == (None, [None, "0.1"])


def test_order_that_was_never_sent_cost_nothing_whatever_its_price(
    alice: APIClient, stub: Account
) -> None:
    stub.offers.update(usd_per_picture=None)
    task = submit(alice)
    assert alice.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
    assert costs(task) == ("0", ["0"])


def test_order_that_its_worker_gives_back_or_leaves_cost_nothing(alice: APIClient) -> None:
    task = submit(alice)
    attempt_ends.hand_back(claim())
    claim()
    die()
    assert attempt_states(task) == ["canceled", "abandoned", "queued"]
    assert work() == ["completed"]
    assert costs(task) == ("0.25", ["0", "0", "0.25"])


def test_task_whose_workers_died_again_and_again_cost_nothing(alice: APIClient) -> None:
    task = submit(alice)
    for _ in range(rescue.MOST_DEATHS + 1):
        claim()
        die()
    assert costs(task) == ("0", ["0"] * (rescue.MOST_DEATHS + 1))
    assert task.error_code == "quarantined"


@pytest.mark.parametrize("usd", ["0.25", None])
def test_order_that_was_given_up_is_booked_by_the_most_that_it_may_cost(
    alice: APIClient, stub: Account, usd: str | None
) -> None:
    stub.offers.update(usd_per_picture=usd)
    task = submit(alice, "stub:lost", num_images=2)
    assert work() == ["unknown"]
    assert costs(task) == (None, [None]), "it may still be found"
    # What it costs was settled as it left: a later price changes nothing.
    stub.offers.update(usd_per_picture="9")
    waiting.decide_lost(Attempt.objects.get().pk, AnswerLost())
    found = "0.5" if usd else None
    assert costs(task) == (found, [found])


def test_order_that_the_vendor_never_had_cost_nothing(alice: APIClient) -> None:
    task = submit(alice, "stub:lost")
    work()
    waiting.decide_not_taken(Attempt.objects.get().pk, by="fay", reason=REASON)
    Task.objects.filter(pk=task.pk).update(spec=task.spec | {"prompt": "a star"})
    assert work() == ["completed"]
    assert costs(task) == ("0.25", ["0", "0.25"])


@pytest.mark.parametrize(
    ("outcome", "found"),
    [(CancelOutcome.FREE, "0"), (CancelOutcome.BILLED, "0.25"), (CancelOutcome.UNKNOWN, "0.25")],
)
def test_cancel_settles_what_was_booked(
    alice: APIClient, outcome: CancelOutcome, found: str
) -> None:
    task = submit(alice, "stub:wait=1000000")
    assert work() == ["waiting"]
    alice.post(f"/api/v1/tasks/{task}/cancel")
    assert costs(task) == ("0.25", ["0.25"])
    attempt = Attempt.objects.get()
    waiting.note_canceled(attempt, outcome)
    assert costs(task) == (found, [found])
    # Told twice, it counts once.
    waiting.note_canceled(attempt, CancelOutcome.FREE)
    assert costs(task) == (found, [found])


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (Usage(cost_usd=Decimal("0.07")), "0.07"),
        (ProviderError("refused", sent=Sent.YES), "0"),
        (ProviderError("no picture", sent=Sent.YES, is_billed=True), "0.25"),
        (ProviderError("lost", sent=Sent.MAYBE), "0.25"),
    ],
    ids=["made", "refused", "billed", "lost"],
)
def test_answer_to_an_order_that_was_cancelled_meanwhile_settles_its_cost(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, said: Any, found: str
) -> None:
    answer(monkeypatch, said)
    answered = StubProvider.submit

    def submit_late(self: StubProvider, work: Any) -> Any:
        alice.post(f"/api/v1/tasks/{task}/cancel")
        assert costs(task) == ("0.25", ["0.25"])
        # One that makes it in one call hears of no cancel meanwhile.
        return answered(self, replace(work, report=lambda done, preview=None: None))

    monkeypatch.setattr(StubProvider, "submit", submit_late)
    task = submit(alice)
    assert work() == ["stopped"]
    assert costs(task) == (found, [found])


def test_late_answer_of_a_lost_lease_settles_nothing(alice: APIClient) -> None:
    task = submit(alice)
    old = claim()
    sending.note_sending(old)
    Attempt.objects.update(lease_expires_at=Now() - claims.lease())
    rescue.reap()
    waiting.settle_late(old, NOTHING)
    assert costs(task) == (None, [None])
    waiting.decide_lost(Attempt.objects.get().pk, AnswerLost())
    waiting.settle_late(old, NOTHING)
    assert costs(task) == ("0.25", ["0.25"])
