"""An adapter of a made-up vendor that works for long: handed over, then polled over HTTP, as those of real ones are."""

from typing import Any

import msgspec

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    Provider,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import file_of_base64
from generation.providers.http import VendorApi
from generation.providers.sorting import Said

NAME = "slow"
PATH = "tests.faults.providers.slow_vendor.SlowProvider"


class Job(msgspec.Struct):
    """An order as the vendor tells of it."""

    id: str = ""
    status: str = ""
    picture: str = ""


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error": …}`."""
    return Said(message=str(body["error"])) if isinstance(body, dict) and "error" in body else None


class SlowProvider(Provider):
    """Hands over by POST /jobs, asks by GET /jobs/ID."""

    capabilities = Capabilities()

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.api = VendorApi(account, account.base_url, {}, explain)

    def submit(self, work: Work) -> Submitted:
        answer = self.api.order("jobs", Job, json={"prompt": work.spec.prompt})
        return Submitted(answer.id, 1)

    def poll(self, remote_id: str) -> Waiting | Finished:
        job = self.api.ask(f"jobs/{remote_id}", Job)
        if job.status == "failed":
            raise ProviderError("the vendor says failed", sent=Sent.YES)
        if job.status != "done":
            return Waiting(poll_after_seconds=1)
        return Finished([Made(0, file_of_base64(job.picture))])
