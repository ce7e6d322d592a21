"""The whole hub, as a newcomer starts it; slow, and worth it."""

import contextlib
import json
import math
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.embedded.dummies import wait_for
from tests.embedded.hubs import START_SECONDS, Customer, HubProcess, database_pid
from tests.patience import patience, slowness

# One at a time: two hubs side by side starve each other on a small machine.
pytestmark = [pytest.mark.whole, pytest.mark.timeout(300), pytest.mark.xdist_group("hub")]


@pytest.fixture
def hub(home: Path) -> Iterator[HubProcess]:
    # What a dead worker held is soon taken back.
    lease = str(math.ceil(4 * slowness()))
    hub = HubProcess(home, settings={"LEASE_SECONDS": lease, "REAP_SECONDS": "1"})
    yield hub
    hub.kill()
    assert hub.processes() == []


def stop(hub: HubProcess, number: signal.Signals) -> int:
    assert hub.process
    hub.process.send_signal(number)
    return hub.process.wait(timeout=patience(60))


def kill_and_wait(hub: HubProcess, words: str) -> None:
    pid = hub.child(words)
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: hub.child(words) not in {None, pid}, START_SECONDS)


def test_one_command_gives_a_picture_and_leaves_nothing_running(hub: HubProcess) -> None:
    done = hub.run("demo", "--once", "--json", "--seed", "7")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert set(answer) == {
        "task",
        "status",
        "artifact_path",
        "seconds",
        "credits_before",
        "credits_after",
        "audit_ok",
    }
    assert answer["status"] == "completed"
    assert answer["audit_ok"] is True
    assert answer["credits_before"] - answer["credits_after"] == 10
    picture = Path(answer["artifact_path"])
    assert picture.is_absolute()
    with Image.open(picture) as image:
        assert (image.format, image.size) == ("WEBP", (256, 256))
    assert hub.processes() == []
    assert hub.home.stat().st_mode & 0o077 == 0


def status_of(address: str) -> int | None:
    """Return how a server answers, or None when none does."""
    try:
        return httpx2.get(address, trust_env=False, timeout=patience(5)).status_code
    except httpx2.TransportError:
        return None


def check_health(hub: HubProcess) -> None:
    """Let the doctor look; tests that share this home may have left receivers that are no more."""
    doctor = hub.run("doctor")
    warned = [line for line in doctor.stdout.splitlines() if line.startswith("!")]
    assert [line for line in warned if not line.startswith("! receivers:")] == [], doctor.stdout
    last = f"no fault, {len(warned)} warnings"
    assert (doctor.returncode, doctor.stdout.splitlines()[-1]) == (0, last), doctor.stdout


def test_the_hub_stands_sudden_deaths_pays_once_and_stops_clean(hub: HubProcess) -> None:
    hub.start()
    # The hub is ready before the one that only looks on.
    wait_for(lambda: status_of(f"http://127.0.0.1:{hub.port + 1}/healthcheck") == 200)
    second = hub.run("up")
    assert second.returncode == 1
    assert f"http://127.0.0.1:{hub.port}" in second.stderr
    check_health(hub)
    assert "plain HTTP" not in hub.said()
    for words in ("--queues=local", "manage loops"):
        kill_and_wait(hub, words)
    assert hub.said().count("was killed by SIGKILL") == 2

    bob = Customer(hub, "bob", 2)
    assert bob.client.get("credits").json()["available"] == 20
    assert hub.run_json("audit")["ok"] is True

    flower = f"http://127.0.0.1:{hub.port + 1}/api/workers"
    assert status_of(flower) == 401
    password = json.loads((hub.home / "secrets.json").read_text())["flower_password"]
    answer = httpx2.get(flower, auth=("admin", password), trust_env=False, timeout=patience(5))
    assert answer.status_code == 200

    # The launcher's own sudden death takes its children along, in mid-step too, and the next one can start.
    task = bob.submit(1, pictures=2)
    wait_for(lambda: bob.is_in_mid_step(task), START_SECONDS)
    began = time.monotonic()
    assert stop(hub, signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: servers(hub) == hub.processes(), START_SECONDS)
    hub.start()
    assert "earlier run still use" not in hub.said()
    # The first start has told the passwords.
    assert password not in hub.said()
    assert str(hub.home / "secrets.json") in hub.said()
    print(f"a killed hub was ready again after {time.monotonic() - began:.1f} s")  # noqa: T201

    # What it had begun is made anew, while the database dies, too, and is paid once.
    wait_for(lambda: bob.is_in_mid_step(task), START_SECONDS)
    os.kill(database_pid(hub), signal.SIGKILL)
    wait_for(lambda: bob.has_ended(task), START_SECONDS)
    assert hub.said().count("was killed by SIGKILL") == 1
    bob.check_paid_once([task])
    # Only the worker that draws has torch, whatever was asked of the others.
    heavy = [pid for pid in hub.processes() if "libtorch" in read_maps(pid)]
    assert heavy == [hub.child("--queues=local")]
    assert hub.run_json("audit")["ok"] is True
    assert stop(hub, signal.SIGTERM) == 0
    assert hub.processes() == []


def read_maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def servers(hub: HubProcess) -> list[int]:
    """Return the processes of PostgreSQL and Valkey, which write what they hold before they go."""
    found = []
    for pid in hub.processes():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() in {"postgres", "valkey-server"}:
                found.append(pid)
    return found


def test_a_stop_while_starting_leaves_nothing(home: Path) -> None:
    # Reached by others, it says what that means.
    hub = HubProcess(home, settings={"GENHUB_HOST": "0.0.0.0"})  # noqa: S104
    hub.begin()
    wait_for(lambda: "postgres" in hub.said(), START_SECONDS)
    assert "plain HTTP" in hub.said()
    assert stop(hub, signal.SIGINT) == 0
    assert hub.processes() == []
