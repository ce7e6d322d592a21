"""The whole hub, as a newcomer starts it; slow, and worth it."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.embedded.dummies import wait_for
from tests.embedded.hubs import START_SECONDS, HubProcess
from tests.patience import patience

# One at a time: two hubs side by side starve each other on a small machine.
pytestmark = [pytest.mark.hub, pytest.mark.timeout(300), pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all: only the first start has to make its database."""
    return tmp_path_factory.mktemp("hub") / "home"


@pytest.fixture
def hub(home: Path) -> Iterator[HubProcess]:
    hub = HubProcess(home)
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


def test_the_hub_stands_sudden_deaths_and_stops_clean(hub: HubProcess) -> None:
    hub.start()
    second = hub.run("up")
    assert second.returncode == 1
    assert f"http://127.0.0.1:{hub.port}" in second.stderr

    for words in ("--queues=local", "manage.py loops"):
        kill_and_wait(hub, words)
    assert hub.said().count("was killed by SIGKILL") == 2

    key = hub.run_json("issue_key", "demo", "--user", "bob", "--grant", "25")["key"]
    url = f"http://127.0.0.1:{hub.port}/api/v1/credits"
    answer = httpx.get(
        url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=patience(5)
    )
    assert answer.json()["available"] == 25
    assert hub.run_json("audit")["ok"] is True

    flower = f"http://127.0.0.1:{hub.port + 1}/api/workers"
    assert httpx.get(flower, trust_env=False, timeout=patience(5)).status_code == 401
    password = json.loads((hub.home / "secrets.json").read_text())["flower_password"]
    answer = httpx.get(flower, auth=("admin", password), trust_env=False, timeout=patience(5))
    assert answer.status_code == 200

    # The launcher's own sudden death takes its children along, and the next one can start.
    assert stop(hub, signal.SIGKILL) == -signal.SIGKILL
    hub.start()
    assert stop(hub, signal.SIGTERM) == 0
    assert hub.processes() == []


def test_a_stop_while_starting_leaves_nothing(hub: HubProcess) -> None:
    hub.begin()
    wait_for(lambda: "postgres" in hub.said(), START_SECONDS)
    assert stop(hub, signal.SIGINT) == 0
    assert hub.processes() == []
