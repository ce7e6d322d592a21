"""A vendor of clips in the plain dialect, an account there, and orders."""

from typing import Any

from rest_framework.test import APIClient

from generation.models import Account, Task
from tests.faults.providers.vendor import open_account
from tests.providers.vendors.clips import file_reply
from tests.providers.vendors.server import Asked, Reply, Server
from tests.steps import submit

MODEL, PRICE_USD = "film", "0.25"


def open_studio(vendor: Server, **words: Any) -> Account:
    """Return an account at a vendor of clips, with a key and one model."""
    account = open_account(vendor, adapter="generic_video", **words)
    account.offers.update(
        alias=MODEL, vendor_model="film-1", media_types=["video"], default_width=64, default_height=64,
        default_seconds=1, unsupported=["seed", "steps", "cfg_scale", "negative_prompt", "audio"],
    )  # fmt: skip
    return account


def told(status: str, **words: Any) -> Reply:
    """Return what the vendor says of an order."""
    return Reply(body={"task_id": "job-1", "status": status, **words})


def done(vendor: Server, place: str = "clip.mp4") -> Reply:
    """Return what the vendor says of a clip that is done and lies there."""
    return told("completed", result_url=f"{vendor.url}/files/{place}")


class Studio:
    """Answers to polls one after the other, the last one from then on; and files by their names."""

    def __init__(self, vendor: Server, *answers: Reply, **files: Reply) -> None:
        self.vendor = vendor
        self.answers = list(answers)
        self.files = {"clip.mp4": file_reply(), **files}
        self.fetched: list[str] = []
        vendor.respond = self.respond

    def respond(self, asked: Asked) -> Reply:
        """Answer as this vendor does."""
        if asked.method == "POST":
            return Reply(body={"task_id": "job-1"})
        if asked.path.startswith("/files/"):
            name = asked.path.removeprefix("/files/")
            self.fetched.append(name)
            return self.files[name]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def order_clip(client: APIClient, **words: Any) -> Task:
    """Order a clip of the vendor's model."""
    return submit(client, "a star that turns", type="video", model=MODEL, **words)
