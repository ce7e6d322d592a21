"""What a vendor of clips says while it works, and how its file comes: one paid create, one end, right books."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.life import rescue
from generation.models import Account, Attempt
from storage.models import Artifact
from tests.faults.providers.vendor import Vendor, check, kinds, let_time_pass, work
from tests.faults.video.studio import Studio, done, order_clip, told
from tests.providers.vendors.clips import clip, file_reply
from tests.providers.vendors.contract import HTML, PAGE
from tests.providers.vendors.server import Cut, Reply, Silence
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("account")]
RUNNING = told("running", progress=0.5)
HUGE = {"content-type": "video/mp4", "content-length": str(2 * 2**30)}


def turns(number: int) -> list[str]:
    """Let a worker come so many times, a while apart; return how each turn ended."""
    ended = []
    for _ in range(number):
        ended += work()
        let_time_pass()
    return ended


@pytest.mark.parametrize(
    "strange",
    [
        told("dreaming"),
        told("succeeded?"),
        told("", progress=-7),
        Reply(body={}),
        Reply(404, {"detail": "no such task"}),
        Reply(502, HTML, PAGE),
        Reply(200, HTML, PAGE),
        Silence(),
    ],
    ids=str,
)
def test_strange_word_is_no_end(
    dora: APIClient, vendor: Vendor, local: Path, strange: Reply
) -> None:
    Studio(vendor, RUNNING, strange, RUNNING, done(vendor))
    task = order_clip(dora)
    assert turns(5) == [*["waiting"] * 4, "completed"]
    check(vendor, task, state="completed", captured=50)
    assert Artifact.objects.get().is_clip


@pytest.mark.parametrize(
    "gone", [Reply(403, b"expired"), Reply(404, b""), Cut(200, clip())], ids=str
)
def test_address_that_is_gone_is_asked_for_anew(
    dora: APIClient, vendor: Vendor, local: Path, gone: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.work.storing.MOST_TRIES_TO_STORE", 1)
    studio = Studio(vendor, done(vendor, "old.mp4"), RUNNING, done(vendor), **{"old.mp4": gone})
    task = order_clip(dora)
    # The success was none; after it the vendor even says that it works on.
    assert turns(4) == ["waiting", "waiting", "waiting", "completed"]
    assert studio.fetched == ["old.mp4", "clip.mp4"]
    check(vendor, task, state="completed", captured=50)
    assert kinds(task).count("completed") == 1


BAD_FILES: dict[str, tuple[Reply, str]] = {
    "truncated": (file_reply(clip()[: len(clip()) // 2]), "output_clip_unreadable"),
    "garbage behind a start": (file_reply(clip()[:32] + bytes(500)), "output_clip_unreadable"),
    "a page": (Reply(200, HTML, PAGE), "output_no_clip"),
    "2 GB": (Reply(200, clip(), HUGE), "provider_answer_unreadable"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_file_that_is_no_clip_ends_the_task_and_is_not_ordered_again(
    dora: APIClient, vendor: Vendor, local: Path, name: str
) -> None:
    reply, code = BAD_FILES[name]
    Studio(vendor, done(vendor), **{"clip.mp4": reply})
    task = order_clip(dora)
    assert turns(3) == ["waiting", "failed"]
    task = check(vendor, task, state="failed", captured=0)
    assert (task.error_code, str(task.cost_usd)) == (code, "0.250000")
    assert [path for path in local.rglob("*") if path.is_file()] == []


def test_vendor_that_says_all_and_never_ends_is_given_up_in_time(
    dora: APIClient, vendor: Vendor
) -> None:
    Studio(vendor, told("running", progress=1.0))
    task = order_clip(dora)
    assert turns(4) == ["waiting"] * 4
    answer: Any = dora.get(f"/api/v1/tasks/{task}/status").json()
    assert (answer["status"], answer["progress"]) == ("processing", 1.0)
    Attempt.objects.update(run_until=Now() - timedelta(seconds=1))
    assert rescue.end_late() == 1
    task = check(vendor, task, state="failed", captured=0)
    assert task.error_code == "timed_out"
    # What it may have cost is the operator's to bear.
    assert str(task.cost_usd) == "0.250000"
    assert turns(2) == []


def test_clip_that_is_cancelled_while_it_waits_is_paid_by_the_operator(
    dora: APIClient, vendor: Vendor
) -> None:
    Studio(vendor, RUNNING)
    task = order_clip(dora)
    assert turns(2) == ["waiting"] * 2
    assert dora.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
    assert turns(1) == []
    task = check(vendor, task, state="canceled", captured=0)
    # The dialect has no cancel: what it took it makes.
    assert str(task.cost_usd) == "0.250000"
    assert kinds(task)[-1] == "cancel_told"


def test_account_is_asked_no_more_often_than_it_may_be(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    Account.objects.update(polls_per_minute=1)
    Studio(vendor, RUNNING)
    for _ in range(3):
        order_clip(dora)
    assert work() == ["waiting"] * 3
    for polls in (1, 2):
        Account.objects.update(next_poll_at=None)
        Attempt.objects.filter(state="waiting").update(run_at=Now())
        # Of those that are due one is asked for; the others wait for the next minute.
        assert work() == ["waiting"]
        assert work() == []
        assert vendor.count("GET") == polls
    Account.objects.update(polls_per_minute=None, next_poll_at=None)
    Attempt.objects.filter(state="waiting").update(run_at=Now())
    assert work() == ["waiting"] * 3


def test_waiting_clip_holds_no_connection_and_no_worker(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    Studio(vendor, RUNNING)
    for _ in range(5):
        order_clip(dora)
    assert work() == ["waiting"] * 5
    assert work() == []
    assert set(Attempt.objects.values_list("state", "lease_expires_at")) == {("waiting", None)}
    assert vendor.count("POST") == 5
