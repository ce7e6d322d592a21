"""Staff stop a user: new orders are refused by every door, what there is stays readable, what waits is as staff say."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits import ledger, stops
from credits.errors import StoppedBefore, UserStopped
from credits.models import Hold, Purse, Stop
from generation.models import Account, Batch, Task
from generation.orders import stopping
from generation.work.run import run_queue
from genhub.admin.customers import customer_page
from genhub.platforms.models import Platform
from genhub.users.models import User
from templates.services import create_template, publish
from tests.admin.conftest import Hire
from tests.books import find_mistakes
from tests.conftest import WHY

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The user sells our pictures as their own."
HOSTILE = "<script>alert(1)</script>"
PROMPT = {"prompt": "a star"}
# Each door that takes orders: where, and what it is sent.
DOORS: dict[str, tuple[str, dict[str, Any]]] = {
    "native": ("/api/v1/generate", PROMPT),
    "free": ("/api/v1/generate", {"template": "free"}),
    "batch": ("/api/v1/batches", {"orders": [PROMPT]}),
    "what can of a batch": ("/api/v1/batches", {"orders": [PROMPT], "policy": "some"}),
    "free batch": ("/api/v1/batches", {"orders": [{"template": "free"}]}),
    "refine": ("/api/v1/tasks/{task}/refine", {"steps": 5}),
    "free edit": ("/api/v1/artifacts/{picture}/edits", {"operations": [{"action": "flip", "direction": "vertical"}]}),
    "openai": ("/v1/images/generations", {"prompt": "a star"}),
    "sdapi": ("/sdapi/v1/txt2img", {"prompt": "a star"}),
    "replicate": ("/replicate/v1/predictions", {"version": "z-image-small", "input": {"prompt": "a star"}}),
}  # fmt: skip


def go(client: Client, deed: str, user: str = "alice", platform: str = "shop", **words: str) -> Any:
    address = reverse(f"admin:generation_task_customer_{deed}")
    query = customer_page(platform, user).partition("?")[2]
    return client.post(f"{address}?{query}", {"reason": REASON, "cancels": "waiting"} | words)


def order(client: APIClient, **words: Any) -> Any:
    return client.post("/api/v1/generate", PROMPT | words, format="json")


@pytest.fixture
def free(recipes: None, stub: Account) -> None:
    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")


@pytest.fixture
def stopped(boss: Client, free: None, finished: Callable[..., Task]) -> Iterator[Task]:
    """Alice was delivered a picture, and then stopped."""
    task = finished()
    assert go(boss, "stop").status_code == 302
    yield task
    assert find_mistakes() == []


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_a_stopped_user(
    alice: APIClient, boss: Client, stopped: Task, door: str
) -> None:
    address, body = DOORS[door]
    artifact = stopped.outputs.get().artifact
    address = address.format(task=stopped, picture=artifact)
    before = Task.objects.count()
    answer = alice.post(address, body, format="json")
    assert answer.status_code == 403, answer.content
    assert b"user_stopped" in answer.content or b"may order nothing new" in answer.content
    assert (Task.objects.count(), Batch.objects.count()) == (before, 0)
    # The same once the user is allowed again.
    assert go(boss, "allow").status_code == 302
    answer = alice.post(address, body, format="json", headers={"Prefer": "wait=0"})
    assert b"user_stopped" not in answer.content
    assert answer.status_code != 403, answer.content


def test_refusal_is_said_in_both_languages_and_foretold(alice: APIClient, stopped: Task) -> None:
    said = [order(alice).json(), alice.post("/api/v1/generate", PROMPT, format="json", headers={"Accept-Language": "zh-Hans"}).json()]  # fmt: skip
    assert [one["title"] for one in said] == [
        "This user may order nothing new",
        "该用户不能下新订单",
    ]
    assert {one["code"] for one in said} == {"user_stopped"}
    quote = alice.post("/api/v1/quote", PROMPT, format="json").json()
    assert (quote["affordable"], quote["refusal"]) == (False, "user_stopped")
    assert alice.get("/api/v1/credits").json()["stopped"] is True


def test_what_a_stopped_user_has_can_be_read(alice: APIClient, boss: Client, stopped: Task) -> None:
    artifact = stopped.outputs.get().artifact
    for address in (
        f"tasks/{stopped}",
        f"tasks/{stopped}/result",
        "tasks",
        "credits",
        "credits/entries",
    ):
        assert alice.get(f"/api/v1/{address}").status_code == 200, address
    assert alice.get(f"/api/v1/artifacts/{artifact}").status_code in {200, 302}
    assert go(boss, "allow").status_code == 302
    assert order(alice).status_code == 202
    assert alice.get("/api/v1/credits").json()["stopped"] is False


def test_repeat_of_an_earlier_order_still_answers_it(
    alice: APIClient, boss: Client, stub: Account
) -> None:
    key = {"Idempotency-Key": "the-first"}
    first = alice.post("/api/v1/generate", PROMPT, format="json", headers=key)
    assert go(boss, "stop", cancels="nothing").status_code == 302
    again = alice.post("/api/v1/generate", PROMPT, format="json", headers=key)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])


@pytest.mark.parametrize(("cancels", "left"), [("nothing", 2), ("waiting", 1), ("all", 0)])
def test_staff_choose_what_becomes_of_orders_under_way(
    alice: APIClient, boss: Client, stub: Account, cancels: str, left: int
) -> None:
    tasks = [order(alice, seed=seed).json()["id"].removeprefix("task_") for seed in (1, 2)]
    Task.objects.filter(pk=tasks[0]).update(state="processing", started_at="2026-01-01T00:00:00Z")
    asked = boss.get(
        reverse("admin:generation_task_customer_stop"), {"platform": "shop", "user": "alice"}
    )
    facts = asked.context["question"].facts
    assert facts["Orders that nobody works on yet"] == 1
    assert facts["Held for tasks under way"] == 20
    assert go(boss, "stop", cancels=cancels).status_code == 302
    assert Hold.objects.filter(state="open").count() == left
    assert Purse.objects.get().held == 10 * left
    assert alice.get("/api/v1/credits").json()["available"] == 100 - 10 * left
    if cancels == "nothing":
        # What was ordered before is made and paid.
        Task.objects.filter(pk=tasks[0]).update(state="pending", started_at=None)
        run_queue("local")
        assert alice.get("/api/v1/credits").json()["available"] == 80
    assert find_mistakes() == []


def test_stopping_needs_a_right_and_a_reason_and_is_kept_with_both(
    hire: Hire, shop: Platform, alice: APIClient
) -> None:
    reader = hire("credits.view_purse", "generation.view_task", name="erin")
    for deed in ("stop", "allow"):
        assert go(reader, deed).status_code == 403
    assert "/customers/stop/" not in reader.get(customer_page("shop", "alice")).content.decode()
    clerk = hire("credits.stop_users", "credits.view_purse")
    page = clerk.get(customer_page("shop", "alice")).content.decode()
    assert "/customers/stop/" in page
    assert go(clerk, "stop", reason="short").status_code == 200
    assert go(clerk, "stop", cancels="everything").status_code == 200
    assert go(clerk, "stop", platform="nobody").status_code == 404
    assert not Stop.objects.exists()
    assert go(clerk, "stop", reason=f"{REASON} {HOSTILE}").status_code == 302
    assert "is stopped already" in go(clerk, "stop").content.decode()
    page = clerk.get(customer_page("shop", "alice")).content.decode()
    assert REASON in page
    assert HOSTILE not in page
    assert "/customers/allow/" in page
    assert HOSTILE not in clerk.get(reverse("admin:credits_stop_changelist")).content.decode()
    row = Stop.objects.get()
    assert clerk.get(reverse("admin:credits_stop_change", args=[row.pk])).status_code == 200
    assert go(clerk, "allow", reason="They told us that they are sorry.").status_code == 302
    assert "is not stopped" in go(clerk, "allow").content.decode()
    row.refresh_from_db()
    dave = User.objects.get(username="dave")
    assert (row.stopped_by, row.allowed_by) == (dave, dave)
    notes = list(LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message"))
    purse = str(Purse.objects.get().pk)
    assert [note[:2] for note in notes] == [(dave.pk, purse)] * 2
    assert REASON in notes[0][2]
    assert "sorry" in notes[1][2]


def test_stop_that_died_over_the_orders_is_ended_by_asking_again(
    alice: APIClient, stub: Account, boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = order(alice).json()["id"], order(alice).json()["id"]

    def die(_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stopping, "cancel_task", die)
        with pytest.raises(KeyboardInterrupt):
            go(boss, "stop")
    assert Stop.objects.count() == 1
    assert go(boss, "stop").status_code == 302
    assert {str(task): task.state for task in Task.objects.all()} == {
        first: "canceled",
        second: "canceled",
    }
    assert Stop.objects.count() == 1
    assert find_mistakes() == []


def test_user_is_stopped_before_the_first_order(
    boss: Client, client_of: Callable[..., APIClient], stub: Account
) -> None:
    assert go(boss, "stop", user="newcomer").status_code == 302
    assert order(client_of("newcomer")).json()["code"] == "user_stopped"
    assert order(client_of("another")).json()["code"] == "insufficient_credits"


def test_ledger_itself_refuses_what_slips_past_the_door(shop: Platform, boss: Client) -> None:
    purse, person = ledger.open_purse(shop.pk, "alice"), User.objects.get()
    ledger.grant(purse.pk, 50, key="first", why=WHY)
    stops.stop(purse.pk, reason=REASON, person=person)
    with pytest.raises(UserStopped):
        ledger.hold(purse.pk, 5, reference=purse.pk)
    with pytest.raises(StoppedBefore):
        stops.stop(purse.pk, reason=REASON, person=person)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stop.objects.create(purse=purse, reason=REASON, stopped_by=person)
    # Credits still come in, and are corrected.
    assert ledger.grant(purse.pk, 5, key="second", why=WHY)
    stops.allow(purse.pk, reason=REASON, person=person)
    ledger.hold(purse.pk, 5, reference=purse.pk)
    assert Hold.objects.get().amount == 5
