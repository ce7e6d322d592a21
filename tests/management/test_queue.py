"""`manage.py queue`: what it tells, and what it does."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Account, QueueChange
from tests.steps import submit

pytestmark = pytest.mark.django_db
WHY = "--reason=The card is being changed."


def tell(*words: str) -> Any:
    out = StringIO()
    call_command("queue", *words, stdout=out)
    return json.loads(out.getvalue()) if "--json" in words else out.getvalue()


def test_status_counts_what_waits_and_what_is_at_work(alice: APIClient, stub: Account) -> None:
    submit(alice), submit(alice)
    claims.claim_next("local", worker="tests")
    found = tell("status", "--json")
    assert found == {
        "queues": {
            "local": {"state": "open", "waiting": 1, "at_work": 1, "drained_at": None},
            "remote": {"state": "open", "waiting": 0, "at_work": 0, "drained_at": None},
        },
        "paused_providers": [],
    }
    assert "local: open, 1 wait, 1 at work" in tell()


@pytest.mark.parametrize(("word", "state"), [("pause", "paused"), ("drain", "draining")])
def test_queue_is_held_up_and_resumed(
    alice: APIClient, stub: Account, word: str, state: str
) -> None:
    submit(alice)
    assert tell(word, "local", WHY, "--by=carol", "--json")["queues"]["local"]["state"] == state
    assert claims.claim_next("local", worker="tests") is None
    change = QueueChange.objects.get()
    assert (change.actor, change.reason) == ("carol", "The card is being changed.")
    assert tell("resume", "local", WHY, "--json")["queues"]["local"]["state"] == "open"
    assert claims.claim_next("local", worker="tests")


def test_provider_is_paused_and_resumed(alice: APIClient, stub: Account) -> None:
    submit(alice)
    assert "provider stub: paused" in tell("pause", "stub", "--provider", WHY)
    assert claims.claim_next("local", worker="tests") is None
    assert tell("resume", "stub", "--provider", WHY, "--json")["paused_providers"] == []
    assert claims.claim_next("local", worker="tests")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pause", "lokal", WHY], "“lokal” is none of: local, remote"),
        (["pause", "nobody", "--provider", WHY], "there is no provider 'nobody'"),
        (["pause", "local", "--reason=short"], "--reason: 10 to 500 characters"),
    ],
)
def test_mistakes_are_told_and_change_nothing(stub: Account, words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        tell(*words)
    assert not QueueChange.objects.exists()


def test_health_says_what_is_held_up(client: Any, stub: Account) -> None:
    assert client.get("/api/v1/health").json()["checks"]["queues"] == "ok"
    tell("drain", "local", WHY)
    tell("pause", "stub", "--provider", WHY)
    said = client.get("/api/v1/health").json()["checks"]["queues"]
    assert said == "queue local is draining by staff; provider stub is paused by staff"
    told = client.get("/metrics").content.decode()
    assert 'genhub_held_up{kind="queue",name="local",state="draining"} 1.0' in told
    assert 'genhub_held_up{kind="provider",name="stub",state="paused"} 1.0' in told


def test_waiting_orders_are_moved(alice: APIClient, stub: Account) -> None:
    first, second, third = submit(alice), submit(alice), submit(alice)
    tell("move", str(third), "first", WHY)
    tell("prioritise", str(second), "high", WHY, "--by=carol")
    served = [claims.claim_next("local", worker="tests") for _ in range(3)]
    assert [one and one.task_id for one in served] == [second.pk, third.pk, first.pk]
    with pytest.raises(CommandError, match="only what waits is moved"):
        tell("move", str(first), "last", WHY)
