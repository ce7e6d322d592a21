"""The local worker is killed in mid-step, again and again: every task completes, and is paid once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.embedded.hubs import HubProcess
from tests.faults.processes import COUNT, wait_until

pytestmark = [pytest.mark.timeout(1800), pytest.mark.xdist_group("processes")]
DEATHS = COUNT or 2
RECOVERY_SECONDS = 90
FAST = {"LEASE_SECONDS": "4", "REAP_SECONDS": "1", "SWEEP_SECONDS": "2"}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubProcess]:
    for name, value in FAST.items():
        monkeypatch.setenv(name, value)
    hub = HubProcess(tmp_path / "home")
    hub.start()
    yield hub
    hub.kill()
    assert hub.processes() == []


def test_killed_worker_loses_and_double_charges_nothing(hub: HubProcess) -> None:
    issued = hub.run_json("issue_key", "demo", "--user", "alice", "--grant", str(10 * DEATHS))
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{hub.port}/api/v1",
        headers={"Authorization": f"Bearer {issued['key']}"},
        trust_env=False,
        timeout=30,
    )

    def read(task_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = client.get(f"/tasks/{task_id}").raise_for_status().json()
        return answer

    def is_in_mid_step(task_id: str) -> bool:
        task = read(task_id)
        assert task["status"] != "completed", "the task was too fast to be killed in mid-step"
        return task["status"] == "processing" and 0 < task["progress"] < 0.8

    tasks, recoveries = [], []
    for seed in range(DEATHS):
        order = {"prompt": "a red circle on a white background", "seed": seed, "steps": 50}
        task_id = client.post("/generate", json=order).raise_for_status().json()["id"]
        tasks.append(task_id)
        wait_until(lambda t=task_id: is_in_mid_step(t), 60, "the first steps")  # type: ignore[misc]
        pid = hub.child("--queues=local")
        assert pid
        os.kill(pid, signal.SIGKILL)
        before = read(task_id)["timings"]
        assert "denoise" not in before, "the worker had finished before it was killed"
        recoveries.append(
            wait_until(
                lambda t=task_id, p=pid: runs_again(hub, p) and read(t)["status"] == "completed",  # type: ignore[misc]
                RECOVERY_SECONDS,
                "the task's end after its worker's death",
            )
        )
    assert hub.said().count("was killed by SIGKILL") == DEATHS
    for task_id in tasks:
        credits = read(task_id)["credits"]
        assert (credits["captured"], credits["held"], credits["released"]) == (10, 0, 0)
    assert client.get("/credits").json() == {"user": "alice", "available": 0, "held": 0}
    assert hub.run_json("audit")["ok"] is True
    assert max(recoveries) < RECOVERY_SECONDS


def runs_again(hub: HubProcess, killed: int) -> bool:
    """Return whether another worker stands in the killed one's place."""
    return hub.child("--queues=local") not in {None, killed}
