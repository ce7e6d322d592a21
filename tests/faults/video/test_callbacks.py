"""Callbacks of a vendor of clips, and cancels at each stage: one create, one end, right money."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.accounts.callbacks import callback_url, sign
from generation.models import Account, Attempt, Task
from genhub.lib.ids import new_id
from storage.models import Artifact
from tests.faults.providers.vendor import Vendor, check, kinds, open_account, work
from tests.faults.video.studio import MODEL, order_clip
from tests.faults.video.test_answers import turns
from tests.patience import patience
from tests.providers.vendors.clips import file_reply
from tests.providers.vendors.server import Asked, Reply, Silence
from tests.providers.vendors.test_ark_videos import PATH, task
from tests.races import together
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = pytest.mark.django_db(transaction=True)
ID = "cgt-2026-abc"


class Seedance:
    """An Ark that works until it is told to be done; it may do something while it takes an order."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.answer = task("running")
        self.loses = False
        vendor.respond = self.respond

    def finish(self) -> None:
        """Be done from now on."""
        self.answer = task("succeeded", content={"video_url": f"{self.vendor.url}/clip.mp4"})

    def during_create(self) -> None:
        """What happens before the order's answer."""

    def respond(self, asked: Asked) -> Reply:
        """Answer as the vendor does."""
        if asked.path == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            together(self.during_create)
            return Silence() if self.loses else Reply(body={"id": ID})
        return self.answer


@pytest.fixture
def ark(db: None, vendor: Vendor) -> Seedance:
    # On a busy machine to measure its speed takes longer than the vendor's answer may.
    patience()
    account: Account = open_account(vendor, adapter="ark_videos")
    account.offers.update(
        alias=MODEL, vendor_model="seedance-2-5", media_types=["video"], default_width=64, default_height=64,
        default_seconds=1, unsupported=["seed", "steps", "cfg_scale", "negative_prompt", "audio", "mask", "strength"],
    )  # fmt: skip
    return Seedance(vendor)


def call(remote_id: str = ID, url: str = "") -> int:
    """Call back as the vendor does, for the only attempt; return the hub's status."""
    body = json.dumps({"id": remote_id, "status": "succeeded"})
    place = url or callback_url(Attempt.objects.get().pk)
    status: int = APIClient().post(place, body, content_type="application/json").status_code
    return status


def is_due() -> bool:
    return Attempt.objects.filter(state="waiting", run_at__lte=Now()).exists()


@pytest.mark.parametrize("is_lost", [False, True])
def test_callback_before_the_create_s_answer_orders_nothing_twice(
    dora: APIClient, vendor: Vendor, ark: Seedance, local: Path, is_lost: bool
) -> None:
    heard: list[int] = []
    ark.during_create = lambda: heard.append(call())  # type: ignore[method-assign]
    ark.loses = is_lost
    order = order_clip(dora)
    assert work() == ["unknown" if is_lost else "waiting"]
    assert heard == [204]
    ark.finish()
    # What came too early is said again by the poll, or by the vendor's next try.
    assert call() == 204
    assert is_due()
    assert work() == ["completed"]
    check(vendor, order, state="completed", captured=50)


def test_callbacks_that_repeat_lie_or_are_forged_deliver_once(
    dora: APIClient, vendor: Vendor, ark: Seedance, local: Path
) -> None:
    order = order_clip(dora)
    assert work() == ["waiting"]
    attempt = Attempt.objects.get()
    forged = callback_url(attempt.pk).replace(sign(attempt.pk), sign(new_id()))
    assert call(url=forged) == 404
    # A foreign order's id at our own address is no news of ours.
    assert call("cgt-of-another") == 204
    assert work() == ["waiting"]
    assert Attempt.objects.get().remote_id == ID
    assert vendor.asked[-1].path == f"{PATH}/{ID}"
    ark.finish()
    assert [call(), call()] == [204, 204]
    assert work() == ["completed"]
    assert call() == 204
    assert turns(2) == []
    check(vendor, order, state="completed", captured=50)
    assert (Artifact.objects.count(), kinds(order).count("completed")) == (1, 1)


STAGES: dict[str, tuple[Any, int, str]] = {
    # State at the vendor, DELETEs there, what the operator bears in US dollars.
    "queued": (task("queued"), 1, "0.000000"),
    "running": (task("running"), 0, "0.250000"),
    "succeeded": (task("succeeded", content={"video_url": "https://x/y"}), 0, "0.250000"),
    "failed": (task("failed"), 0, "0.000000"),
}


def cancel(client: APIClient, order: Task) -> None:
    assert client.post(f"/api/v1/tasks/{order}/cancel").status_code == 200


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_at_each_stage_says_what_it_costs(
    dora: APIClient, vendor: Vendor, ark: Seedance, stage: str
) -> None:
    ark.answer, deletes, cost = STAGES[stage]
    order = order_clip(dora)
    assert work() == ["waiting"]
    cancel(dora, order)
    assert turns(2) == []
    order = check(vendor, order, state="canceled", captured=0)
    assert vendor.count("DELETE") == deletes
    assert (f"{order.cost_usd:.6f}", kinds(order)[-1]) == (cost, "cancel_told")


def test_cancel_before_and_during_the_create(
    dora: APIClient, vendor: Vendor, ark: Seedance
) -> None:
    never = order_clip(dora)
    cancel(dora, never)
    assert work() == []
    check(vendor, never, state="canceled", captured=0, billed=0)
    ark.answer = task("queued")
    order = order_clip(dora)
    ark.during_create = lambda: cancel(dora, order)  # type: ignore[method-assign]
    assert work() == ["stopped"]
    assert turns(2) == []
    order = check(vendor, order, state="canceled", captured=0)
    assert (vendor.count("DELETE"), f"{order.cost_usd:.6f}") == (1, "0.000000")


def test_cancel_after_the_end_is_refused_and_changes_nothing(
    dora: APIClient, vendor: Vendor, ark: Seedance, local: Path
) -> None:
    ark.finish()
    order = order_clip(dora)
    assert turns(2) == ["waiting", "completed"]
    assert dora.post(f"/api/v1/tasks/{order}/cancel").status_code == 409
    check(vendor, order, state="completed", captured=50)
    assert vendor.count("DELETE") == 0
