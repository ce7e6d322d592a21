"""A whole hub whose pictures come from the benchmarks' vendor, and a store in a process of its own."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from tests import servers
from tests.bench.engine_tax import list_family
from tests.bench.vendor import RunningVendor
from tests.embedded.dummies import wait_for
from tests.embedded.hubs import HubProcess
from tests.ports import free_port

USER, CREDITS = "bench", 10**6
HANDS = 8
TASK_SECONDS = 300.0
STORE_SECONDS = 20.0
BUCKET, ACCESS_KEY, SECRET_KEY = "bench", "bench-access-key", "bench-secret-key"
# Runs in the hub's own shell: accounts are staff's to make, and have no other door yet.
MAKE_ACCOUNTS = """
import json, sys
from generation.models import Account, AccountKey, Offer
for alias, values in json.loads({accounts!r}).items():
    row = Account.objects.create(alias=alias, adapter="openai", queue="remote", **values)
    key = AccountKey(account=row)
    key.keep("sk-bench-0123456789")
    key.save()
    words = ["negative_prompt", "steps", "cfg_scale", "seed"]
    Offer.objects.create(account=row, alias=alias, unsupported=words, largest_side=2048)
"""


@dataclass(frozen=True)
class Model:
    """A model of the hub: what its vendor's answers are like."""

    alias: str
    size: str = "1.8"
    # What it gives: what it is asked for, which is base64, or links alone.
    form: str = "any"
    think_ms: int = 0
    rate: int = 0

    def row(self, vendor: RunningVendor) -> dict[str, Any]:
        """Return its account's columns."""
        url = vendor.base_url(self.size, think_ms=self.think_ms, rate=self.rate, form=self.form)
        return {"base_url": url, "options": {"response_format": "b64_json"}}


@dataclass(frozen=True)
class Ended:
    """One order that was made: seconds from before it was sent until it was completed, by one machine's clock."""

    seconds: float
    started_at: float
    ended_at: float
    task: dict[str, Any]


class RemoteHub:
    """The hub, seen by an app."""

    def __init__(self, hub: HubProcess, http: httpx2.Client) -> None:
        self.hub, self._http = hub, http

    def pids(self) -> list[int]:
        """Return all its processes."""
        return list_family(self.hub.process)

    def worker(self) -> int:
        """Return the worker process that speaks to vendors."""
        pid = self.hub.child("--queues=remote")
        assert pid
        return pid

    def make(self, model: str, *, wait_seconds: float = 0.0) -> Ended:
        """Order one picture and return when it is there; it is first asked for after so many seconds."""
        began = time.time()
        [task] = self.submit(model, 1)
        time.sleep(wait_seconds)
        return self.wait(task, began, pause_seconds=0.02)

    def make_many(self, model: str, number: int) -> list[Ended]:
        """Order so many pictures at once and return when each is there."""
        began = time.time()
        tasks = self.submit(model, number)
        return [self.wait(task, began, pause_seconds=0.25) for task in tasks]

    def submit(self, model: str, number: int) -> list[str]:
        """Order so many pictures, each by itself, and return their tasks' ids."""

        def order(_: int) -> str:
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            words = {"prompt": "a red circle", "model": model}
            answer = self._http.post("/api/v1/generate", json=words, headers=headers)
            if answer.is_error:
                raise AssertionError(f"{answer.status_code}: {answer.text[:500]}")
            task_id: str = answer.json()["id"]
            return task_id

        if number == 1:
            return [order(0)]
        with ThreadPoolExecutor(HANDS) as pool:
            return list(pool.map(order, range(number)))

    def wait(self, task_id: str, began: float, *, pause_seconds: float) -> Ended:
        """Return an order once it is completed; raise when it ends otherwise."""
        give_up_at = time.monotonic() + TASK_SECONDS
        while (task := self._http.get(f"/api/v1/tasks/{task_id}").json())["status"] in {
            "pending",
            "processing",
        }:
            if time.monotonic() > give_up_at:
                raise AssertionError(f"{task_id} is {task['status']} after {TASK_SECONDS} s")
            time.sleep(pause_seconds)
        if task["status"] != "completed":
            raise AssertionError(f"{task_id} ended {task['status']}: {task['error']}")
        started_at, ended_at = (
            datetime.fromisoformat(task[name]).timestamp()
            for name in ("started_at", "completed_at")
        )
        return Ended(ended_at - began, started_at, ended_at, task)


@contextmanager
def running(
    vendor: RunningVendor,
    models: Sequence[Model],
    settings: dict[str, str] | None = None,
) -> Iterator[RemoteHub]:
    """Start a whole hub with these models; stop it after the block, with its books proved."""
    home = servers.HOME / "hub"
    named = {"PRIVATE_HOSTS": "127.0.0.1", **(settings or {})}
    hub = HubProcess(home, settings=named)
    try:
        hub.start()
        accounts = {model.alias: model.row(vendor) for model in models}
        hub.shell(MAKE_ACCOUNTS.format(accounts=json.dumps(accounts)))
        key = hub.run_json("issue_key", "bench", "--user", USER, "--grant", str(CREDITS))["key"]
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{hub.port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60.0,
            trust_env=False,
        ) as http:
            yield RemoteHub(hub, http)
        if not hub.run_json("audit")["ok"]:
            raise AssertionError("the audit found the books wrong")
    finally:
        hub.kill()


@contextmanager
def bucket() -> Iterator[dict[str, str]]:
    """Start an S3 server whose objects lie on this disk, and return the settings of a hub that stores there."""
    root = servers.HOME / "s3"
    (root / BUCKET).mkdir(parents=True)
    keys = f'"{ACCESS_KEY},{SECRET_KEY}"'
    with serving("s3", root, "--vfs-cache-mode", "off", RCLONE_AUTH_KEY=keys) as url:
        yield {
            "S3_ENDPOINT_URL": url,
            "S3_BUCKET": BUCKET,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
        }


@contextmanager
def serving(way: str, root: Path, *options: str, **environment: str) -> Iterator[str]:
    """Have rclone serve a folder in a way (`s3`, `http`), and give its address."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("rclone")), "serve", way, str(root), *options]
    command += ["--addr", f"127.0.0.1:{port}", "--config", str(root.with_suffix(".none"))]
    with root.with_suffix(".log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: answers(port), STORE_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait()


def answers(port: int) -> bool:
    """Return whether somebody listens."""
    try:
        httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False)
    except httpx2.HTTPError:
        return False
    return True
