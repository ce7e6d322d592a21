"""What becomes of chains: each step delivered in its turn, money exact in every end, resumed at the step that died."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.selectors import view_holds
from generation.failures import AnswerLost
from generation.life import chains, rescue, waiting
from generation.models import Account, Attempt, Event, Output, Task
from generation.work.run import run_queue
from tests.books import find_mistakes
from tests.orders.test_chains import CLIP, FINE, film, order, template
from tests.steps import attempt_states, claim, collect, die
from tests.storage.conftest import local

__all__ = ["film", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes", "film", "local")]


def says(words: str) -> dict[str, Any]:
    """Return a step of a clip in whose prompt the stub is told what to do."""
    return {**CLIP, "prompt": f"{{subject}} turns {words}"}


def work() -> list[str]:
    """Let a worker work until nothing is left, and return how each attempt ended."""
    return [entry["ended"] for entry in run_queue("local")]


def check(task: Task, state: str, *, captured: int, delivered: int, price: int = 60) -> Task:
    """Check how a chain ended, in its row and its credits and by the whole audit."""
    task.refresh_from_db()
    hold = view_holds([task.pk])[task.pk]
    found = (task.state, hold.captured, hold.released, hold.held)
    assert found == (state, captured, price - captured, 0)
    assert task.outputs.filter(artifact__isnull=False).count() == delivered
    assert find_mistakes() == []
    return task


def test_all_steps_are_delivered_one_after_the_other(alice: APIClient) -> None:
    template(chain=[FINE, {**CLIP, "takes": {"image": 1, "last_image": 2}}])
    task = order(alice)
    assert work() == ["step_done", "step_done", "completed"]
    check(task, "completed", captured=70, delivered=3, price=70)
    assert [(one.number, one.step, one.state) for one in Attempt.objects.order_by("number")] == [
        (1, 1, "succeeded"), (2, 2, "succeeded"), (3, 3, "succeeded"),
    ]  # fmt: skip
    made = [f"art_{row.artifact_id.hex}" for row in Output.objects.order_by("position") if row.artifact_id]  # fmt: skip
    assert (task.spec["image"], task.spec["last_image"]) == (made[0], made[1])
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert (answer["type"], answer["progress"], answer["result"]["count"]) == ("video", 1.0, 3)
    assert [image["step"] for image in answer["result"]["images"]] == [1, 2]
    assert [clip["step"] for clip in answer["result"]["videos"]] == [3]
    assert [step["status"] for step in answer["chain"]] == ["completed"] * 3
    kinds = list(Event.objects.filter(task=task, kind="step_done").values_list("data__step", flat=True))  # fmt: skip
    assert kinds == [1, 2]


def test_a_video_of_openai_s_clients_is_the_clip_alone(alice: APIClient) -> None:
    template(chain=[says("stub:wait=60")])
    task = order(alice)
    video = f"/v1/videos/{task}"
    assert alice.get(video).json()["status"] == "queued"
    assert work() == ["step_done", "waiting"]
    told = alice.get(video).json()
    assert (told["status"], told["progress"], told["seconds"]) == ("in_progress", 50, "1")
    assert alice.get(f"{video}/content").status_code == 400
    assert alice.post(f"/api/v1/tasks/{task}/cancel").json()["status"] == "completed"
    told = alice.get(video).json()
    # Paid for is the picture; of the clip is said why it is not there.
    assert (told["status"], told["completed_at"]) == ("failed", None)
    assert told["error"]["message"]


def test_a_video_is_done_with_its_clip(alice: APIClient) -> None:
    template()
    task = order(alice)
    assert work() == ["step_done", "completed"]
    told = alice.get(f"/v1/videos/{task}").json()
    clip = Output.objects.get(step=2).artifact
    assert clip
    assert (told["status"], told["size"]) == ("completed", f"{clip.width}x{clip.height}")
    assert clip.is_clip


def test_first_picture_is_there_while_the_clip_is_made(
    alice: APIClient, mallory: APIClient
) -> None:
    template(chain=[says("stub:wait=60")])
    task = order(alice)
    assert work() == ["step_done", "waiting"]
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert (answer["status"], [step["status"] for step in answer["chain"]]) == (
        "processing", ["completed", "processing"],
    )  # fmt: skip
    assert 0.5 <= answer["progress"] < 1
    [image] = answer["result"]["images"]
    assert (image["step"], answer["credits"]["captured"], answer["credits"]["held"]) == (1, 0, 60)
    assert alice.get(image["url"]).status_code == 302
    assert mallory.get(image["url"]).status_code == 404
    assert find_mistakes() == []


def fail_second(alice: APIClient, _task: Task) -> None:
    assert work() == ["step_done", "failed"]


def cancel_between(alice: APIClient, task: Task) -> None:
    assert work() == ["step_done", "waiting"]
    answer = alice.post(f"/api/v1/tasks/{task}/cancel").json()
    assert (answer["status"], answer["result"]["errors"][0]["code"]) == (
        "completed",
        "step_canceled",
    )
    assert answer["chain"][1]["status"] == "canceled"
    assert alice.post(f"/api/v1/tasks/{task}/cancel").status_code == 409


def time_out(_alice: APIClient, _task: Task) -> None:
    assert work() == ["step_done", "waiting"]
    Task.objects.update(deadline_at=Now() - timedelta(seconds=1))
    assert rescue.end_late() == 1


def lose_answer(_alice: APIClient, _task: Task) -> None:
    assert work() == ["step_done", "unknown"]
    assert find_mistakes() == []
    waiting.decide_lost(Attempt.objects.get(state="unknown").pk, AnswerLost())


def lose_model(_alice: APIClient, _task: Task) -> None:
    held = claim()
    Account.objects.get().offers.filter(alias="film").delete()
    assert chains.finish(held, collect(held)) == "step_done"


ENDS: dict[str, tuple[str, Callable[[APIClient, Task], None], str]] = {
    "failed": ("stub:fail", fail_second, "generation_failed"),
    "cancelled between": ("stub:wait=60", cancel_between, "step_canceled"),
    "too late": ("stub:wait=60", time_out, "deadline_exceeded"),
    "unknown, then lost": ("stub:lost", lose_answer, "answer_lost"),
    "model gone": ("", lose_model, "model_gone"),
}


@pytest.mark.parametrize("name", ENDS)
def test_chain_that_ends_after_its_first_step_pays_for_that_alone(
    alice: APIClient, name: str
) -> None:
    words, end, code = ENDS[name]
    template(chain=[says(words), FINE | {"takes": {"image": 1}}])
    task = order(alice)
    end(alice, task)
    task = check(task, "completed", captured=10, delivered=1, price=70)
    assert task.error_code == ""
    missing = task.outputs.filter(artifact=None).order_by("position")
    assert [(row.step, row.position, row.error_code) for row in missing] == [
        (2, 1, code),
        (3, 2, code),
    ]
    assert work() == []


def test_unknown_step_that_is_found_goes_on(alice: APIClient) -> None:
    template(chain=[says("stub:lost")])
    task = order(alice)
    assert work() == ["step_done", "unknown"]
    waiting.decide_not_taken(Attempt.objects.get(state="unknown").pk, by="ann", reason="never came")
    assert [one.step for one in Attempt.objects.order_by("number")] == [1, 2, 2]
    assert (task.outputs.count(), find_mistakes()) == (1, [])


@pytest.mark.usefixtures("keeps_orders_here")
@pytest.mark.parametrize("step", [1, 2, 3])
def test_worker_lost_at_a_step_costs_that_step_alone(alice: APIClient, step: int) -> None:
    template(chain=[FINE, CLIP])
    task = order(alice)
    for _ in range(step - 1):
        run_one()
    claim()
    die()
    assert [entry["ended"] for entry in run_queue("local")][-1] == "completed"
    check(task, "completed", captured=70, delivered=3, price=70)
    assert sorted(Attempt.objects.values_list("step", "state")) == sorted(
        [(number, "succeeded") for number in (1, 2, 3)] + [(step, "abandoned")]
    )


def run_one() -> None:
    """Let a worker do one step."""
    held = claim()
    assert chains.finish(held, collect(held)) == "step_done"


@pytest.mark.usefixtures("keeps_orders_here")
def test_chain_whose_workers_die_at_its_second_step_is_set_aside_with_its_first(
    alice: APIClient,
) -> None:
    template()
    task = order(alice)
    run_one()
    for _ in range(4):
        claim()
        die()
    check(task, "completed", captured=10, delivered=1)
    assert task.outputs.get(step=2).error_code == "quarantined"


def test_first_step_that_fails_gives_all_back(alice: APIClient) -> None:
    template(prompt="{subject} stub:fail")
    task = order(alice)
    assert work() == ["failed"]
    check(task, "failed", captured=0, delivered=0)
    assert task.outputs.count() == 0
    assert attempt_states(task) == ["failed"]


def test_cancel_before_the_first_step_gives_all_back(alice: APIClient) -> None:
    template()
    task = order(alice)
    assert alice.post(f"/api/v1/tasks/{task}/cancel").json()["status"] == "canceled"
    check(task, "canceled", captured=0, delivered=0)


def test_free_chain_moves_no_credit(alice: APIClient) -> None:
    template(price=0, chain=[{**says("stub:fail"), "price": 0}])
    task = order(alice)
    assert work() == ["step_done", "failed"]
    task.refresh_from_db()
    assert (task.state, task.price, find_mistakes()) == ("completed", 0, [])


def test_picture_of_a_chain_is_not_refined(alice: APIClient, local: Path) -> None:
    template()
    task = order(alice)
    work()
    for door in ("refine", "follow"):
        body = {} if door == "refine" else {"action": "reroll"}
        answer = alice.post(f"/api/v1/tasks/{task}/{door}", body, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "of_a_chain")
