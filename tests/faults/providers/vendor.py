"""A vendor that counts what it is paid for, orders at it, and what must hold whatever it does."""

import base64
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from PIL import Image
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life import rescue
from generation.models import Account, AccountKey, Attempt, Event, Task
from generation.work import run
from tests.books import find_mistakes
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Asked, Reply, Server
from tests.steps import submit

MODEL, PRICE_USD = "gpt-image", "0.25"
KEY = "sk-canary-4d1f0e6b7a2c4e58"
PROMPT = "a star over the canary islands"
# Longer than anything rests that a test lets pass.
LATER = timedelta(days=1)


class Refused(Reply):
    """What the vendor itself says that it has not taken: nobody pays for that."""


def envelope(status: int, code: str = "", **headers: str) -> Refused:
    """Return a failure in the vendor's own words."""
    said = {"message": "told so", "type": "any", "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refused(status, {"error": said}, named)


def pictures(*items: Any) -> Reply:
    """Return a success with these pictures, each in base64 unless it says more."""
    data = [{"b64_json": item} if isinstance(item, str) else item for item in items]
    return Reply(body={"created": 1, "data": data})


def make_healthy(asked: Asked) -> Reply:
    """Answer as an images API in good health."""
    return pictures(*[b64()] * asked.json.get("n", 1))


def png(size: tuple[int, int] = (64, 64), mode: str = "RGB") -> bytes:
    """Return a flat picture as a file."""
    file = io.BytesIO()
    Image.new(mode, size, "red").save(file, "png")
    return file.getvalue()


def encoded(data: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(data).decode()


class Vendor(Server):
    """A server that knows which of the creates it was given it may bill."""

    def __init__(self, respond: Callable[[Asked], Reply] = make_healthy) -> None:
        super().__init__(respond)
        self.billed: list[Asked] = []
        self.has_order = threading.Event()

    def take(self, asked: Asked) -> Reply:
        """Keep a request, count it where it may be billed, and say that an order is here."""
        reply = super().take(asked)
        if asked.method == "POST" and not isinstance(reply, Refused):
            self.billed.append(asked)
        if asked.method == "POST":
            self.has_order.set()
        return reply


def open_account(vendor: Server, alias: str = "acc", **words: Any) -> Account:
    """Return an account at a vendor, with a key and one model."""
    options = {"adapter": "openai", "queue": "remote", "base_url": vendor.url, "answer_seconds": 60}
    account = Account.objects.create(alias=alias, **(options | words))
    key = AccountKey(account=account, name=alias)
    key.keep(KEY)
    key.save()
    account.offers.create(
        alias=MODEL, vendor_model="gpt-image-2", usd_per_picture=PRICE_USD, largest_side=1024, longest_prompt=5000,
        default_width=64, default_height=64, smallest_side=16,
        unsupported=["seed", "steps", "cfg_scale", "negative_prompt"],
    )  # fmt: skip
    return account


def order(client: APIClient, **words: Any) -> Task:
    """Order a picture of the vendor's model."""
    return submit(client, words.pop("prompt", PROMPT), model=MODEL, **words)


def work() -> list[str]:
    """Let a worker come once, and return how what it did ended."""
    return [entry["ended"] for entry in run.run_queue("remote")]


def let_time_pass() -> None:
    """Let every pause end that the hub makes: of orders, accounts and keys."""
    past = Now() - LATER
    Attempt.objects.filter(state__in=["queued", "waiting"]).update(run_at=Now())
    Account.objects.filter(resting_until__isnull=False).update(resting_until=past)
    Account.objects.filter(next_slot_at__isnull=False).update(next_slot_at=past)
    AccountKey.objects.filter(resting_until__isnull=False).update(resting_until=past)


def work_on(turns: int = 8) -> list[str]:
    """Let workers, loops and time go on until nothing changes any more; return how each step ended."""
    ended: list[str] = []
    for _ in range(turns):
        found = work()
        ended += found
        if not found:
            break
        rescue.reap()
        let_time_pass()
    return ended


def pass_deadline(task: Task) -> None:
    """Let a task's deadline pass, and the loop that looks for such find it."""
    Task.objects.filter(pk=task.pk).update(deadline_at=F("created_at") - LATER)
    assert rescue.end_late() == 1


def kinds(task: Task) -> list[str]:
    """Return what happened to a task, in order."""
    return list(Event.objects.filter(task=task).order_by("id").values_list("kind", flat=True))


def check(vendor: Vendor, task: Task, *, state: str, captured: int, billed: int = 1) -> Task:
    """Prove the oracle of an order: so many creates that may be billed, one settled hold of so many credits, clean
    books; return the task as it is now."""
    task.refresh_from_db()
    hold = Hold.objects.get(reference=task.pk)
    assert len(vendor.billed) == billed, [asked.path for asked in vendor.billed]
    assert (task.state, hold.captured) == (state, captured)
    assert hold.state == ("open" if state == "processing" else "settled")
    assert find_mistakes() == []
    return task
