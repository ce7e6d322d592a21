"""A ComfyUI of the house: started anew while it works, stopped for our own prompt alone, found again after a lost
answer."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life import searching
from generation.models import Account, Attempt, Output
from generation.work import lost
from storage.models import Artifact
from tests.faults.providers.vendor import Vendor, check, kinds, let_time_pass, open_account, work
from tests.faults.video.test_answers import turns
from tests.providers.vendors.comfy import INPUTS, WORKFLOW, Comfy
from tests.providers.vendors.server import Asked, Reply, Silence
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = pytest.mark.django_db(transaction=True)
MODEL = "own"


class House(Comfy):
    """A ComfyUI at which only prompts are creates."""

    def __init__(self, vendor: Vendor, kind: str) -> None:
        super().__init__(kind, is_quick=False)
        self.creates: list[Asked] = []
        vendor.respond = self.respond

    def respond(self, asked: Asked) -> Reply:
        """Count the creates, and answer."""
        if asked.path == "/prompt":
            self.creates.append(asked)
        return super().respond(asked)


@pytest.fixture(params=["image", "video"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def house(db: None, vendor: Vendor, kind: str) -> House:
    account: Account = open_account(vendor, adapter="comfyui", is_in_house=True)
    account.offers.update(
        alias=MODEL, media_types=[kind], usd_per_picture=None, default_seconds=1,
        options={"workflow": WORKFLOW, "inputs": INPUTS},
        unsupported=["image", "mask", "strength", "last_image", "audio"],
    )  # fmt: skip
    return House(vendor, kind)


def order(client: APIClient, kind: str) -> Any:
    return submit(client, "a star", type=kind, model=MODEL)


def test_order_is_made_once_and_stored_as_what_it_is(
    dora: APIClient, house: House, kind: str, local: Path
) -> None:
    task = order(dora, kind)
    assert turns(2) == ["waiting", "waiting"]
    house.run()
    assert turns(1) == ["completed"]
    assert Artifact.objects.get().is_clip == (kind == "video")
    sent = house.creates[0].json["prompt"]
    assert sent["6"]["inputs"]["text"] == "a star"
    assert Output.objects.get().seed == sent["3"]["inputs"]["seed"]
    assert len(house.creates) == 1
    assert kinds(task)[-1] == "completed"


def test_server_that_was_started_anew_gets_the_order_again(
    dora: APIClient, house: House, vendor: Vendor, kind: str, local: Path
) -> None:
    task = order(dora, kind)
    assert turns(2) == ["waiting", "waiting"]
    house.start_anew()
    # Only what it says in full is believed.
    vendor.faults = [Reply(body={}), Reply(502, b"")]
    assert turns(1) == ["waiting"]
    assert turns(1) == ["processing"]
    assert turns(1) == ["waiting"]
    house.run()
    assert turns(1) == ["completed"]
    task = check(vendor, task, state="completed", captured=task.unit_price, billed=2)
    failed, made = Attempt.objects.order_by("created_at", "id")
    assert (failed.error_code, made.error_code) == ("provider_forgot", "")
    assert len({one.json["prompt_id"] for one in house.creates}) == 2
    assert Artifact.objects.count() == 1


def test_server_that_forgets_each_time_ends_the_task_by_name(
    dora: APIClient, house: House, vendor: Vendor, kind: str
) -> None:
    task = order(dora, kind)
    for end in [*["processing"] * 3, "failed"]:
        assert turns(1) == ["waiting"]
        house.start_anew()
        assert turns(1) == [end]
    task = check(vendor, task, state="failed", captured=0, billed=4)
    assert task.error_code == "provider_forgot"
    answer = dora.get(f"/api/v1/tasks/{task}", headers={"accept-language": "zh-Hans"}).json()
    assert "重新启动" in answer["error"]["message"]


def test_cancel_stops_what_runs_only_if_it_is_ours(
    dora: APIClient, house: House, vendor: Vendor, kind: str
) -> None:
    tasks = [order(dora, kind) for _ in range(2)]
    assert work() == ["waiting"] * 2
    first, second = (one[1] for one in house.queue)
    for task in reversed(tasks):
        assert dora.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
    work()
    assert house.interrupted == [first]
    deleted = [one.json["delete"] for one in vendor.asked if (one.method, one.path) == ("POST", "/queue")]  # fmt: skip
    assert deleted == [[second]]
    for task in tasks:
        task.refresh_from_db()
        assert (task.state, kinds(task)[-1]) == ("canceled", "cancel_told")


def test_answer_that_was_lost_is_found_and_not_ordered_again(
    dora: APIClient, house: House, vendor: Vendor, kind: str, local: Path
) -> None:
    heard = house.respond

    def lose(asked: Asked) -> Reply:
        answer = heard(asked)
        return Silence() if asked.path == "/prompt" else answer

    vendor.respond = lose
    task = order(dora, kind)
    assert work() == ["unknown"]
    house.run()
    attempt = Attempt.objects.get()
    assert attempt.look_at is not None
    assert searching.list_due().count() == 0
    assert [one.is_sure for one in lost.look(attempt)] == [True]
    let_time_pass()
    assert turns(1) == ["completed"]
    check(vendor, task, state="completed", captured=task.unit_price)
    assert len(house.creates) == 1
