"""Worker, broker and database are killed under a whole hub: nothing is lost, and nothing is paid twice."""

import contextlib
import math
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from genhub.embedded import paths
from tests.embedded.hubs import Customer, HubProcess, database_pid
from tests.faults.processes import COUNT, wait_until
from tests.patience import slowness
from tests.strikes import recovering

pytestmark = [pytest.mark.timeout(1800), pytest.mark.xdist_group("processes")]
DEATHS = COUNT
RECOVERY_SECONDS = 90
# What dies here dies by hand, over and over.
FAST = {"REAP_SECONDS": "1", "SWEEP_SECONDS": "2"}
WORKER = "--queues=local"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with pytest.MonkeyPatch.context() as patch:
        lease = {"LEASE_SECONDS": str(math.ceil(4 * slowness()))}
        for name, value in (FAST | lease).items():
            patch.setenv(name, value)
        hub = HubProcess(tmp_path_factory.mktemp("deaths") / "home")
        try:
            hub.start()
            yield hub
        finally:
            hub.kill()
    assert hub.processes() == []


def worker_pid(hub: HubProcess) -> int | None:
    """Return the process of the local worker."""
    return hub.child(WORKER)


def broker_pid(hub: HubProcess) -> int | None:
    """Return Valkey's process, which hides its environment but shows its socket."""
    socket = str(paths.valkey_socket(paths.run_folder(hub.home)))
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if "valkey-server" in (words := path.read_text()) and socket in words:
                return int(path.parent.name)
    return None


def kill(pid: int | None) -> int:
    """Kill a process and return its id."""
    assert pid, "there is no such process to kill"
    os.kill(pid, signal.SIGKILL)
    return pid


def test_killed_worker_loses_and_double_charges_nothing(hub: HubProcess) -> None:
    alice = Customer(hub, "alice", DEATHS)
    earlier = hub.said().count("was killed by SIGKILL")
    tasks: list[str] = []
    for seed in range(DEATHS):
        task = alice.submit(seed)
        tasks.append(task)
        wait_until(lambda: alice.is_in_mid_step(tasks[-1]), 60, "the first steps")
        with recovering("J1"):
            killed = kill(worker_pid(hub))
            assert alice.read(task)["status"] == "processing", (
                "the worker finished before it was killed"
            )
            wait_until(lambda: is_back(hub, killed), RECOVERY_SECONDS, "another worker")  # noqa: B023
            wait_until(
                lambda: alice.is_in_mid_step(tasks[-1]), RECOVERY_SECONDS, "the next attempt"
            )
            wait_until(lambda: alice.has_ended(tasks[-1]), RECOVERY_SECONDS, "the task's end")
    assert hub.said().count("was killed by SIGKILL") == earlier + DEATHS
    alice.check_paid_once(tasks)
    assert hub.run_json("audit")["ok"] is True


@pytest.mark.parametrize("find", [broker_pid, database_pid])
def test_killed_server_loses_and_double_charges_nothing(
    hub: HubProcess, find: Callable[[HubProcess], int | None]
) -> None:
    bob = Customer(hub, find.__name__, 3)
    deaths = hub.said().count("was killed by SIGKILL")
    tasks = [bob.submit(1), bob.submit(2)]
    wait_until(lambda: bob.is_in_mid_step(tasks[0]), 60, "the first steps")
    with recovering("J9" if find is database_pid else "J5"):
        kill(find(hub))
        tasks.append(submit_again_until_taken(bob, 3))
        for task in tasks:
            wait_until(lambda t=task: bob.has_ended(t), RECOVERY_SECONDS, "the task's end")  # type: ignore[misc]
    assert hub.said().count("was killed by SIGKILL") == deaths + 1
    bob.check_paid_once(tasks)
    assert hub.run_json("audit")["ok"] is True


def is_back(hub: HubProcess, killed: int) -> bool:
    """Return whether another worker stands in the killed one's place."""
    return hub.child(WORKER) not in {None, killed}


def submit_again_until_taken(customer: Customer, seed: int) -> str:
    """Submit as an app does while a server is away: the same Idempotency-Key until it is taken."""
    taken: list[str] = []

    def try_once() -> bool:
        order = {"prompt": "a blue square on a white background", "seed": seed}
        headers = {"Idempotency-Key": f"again-{seed}"}
        try:
            answer = customer.client.post("/generate", json=order, headers=headers)
        except httpx2.HTTPError:
            return False
        if answer.status_code == 202:
            taken.append(answer.json()["id"])
        return answer.status_code == 202

    wait_until(try_once, RECOVERY_SECONDS, "a submit that is taken")
    return taken[0]
