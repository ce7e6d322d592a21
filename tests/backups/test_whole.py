"""The drill, as an operator does it: a hub is lost, and made again of its backup on another machine's disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.dummies import wait_for
from tests.embedded.hubs import Customer, HubProcess
from tests.patience import patience

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300), pytest.mark.xdist_group("hub")]


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path / "lost")
    yield hub
    hub.kill()


def test_a_lost_hub_is_made_again_of_its_backup(lost: HubProcess, tmp_path: Path) -> None:
    lost.start()
    customer = Customer(lost, "alice", pictures=2)
    task_id = customer.submit(seed=7, pictures=2)
    wait_for(lambda: customer.has_ended(task_id), patience())
    manifest = lost.run_json("backup", str(tmp_path / "kept"))
    assert (manifest["tasks"], manifest["files"] > 2) == (1, True)
    lost.kill()
    shutil.rmtree(lost.home)

    found = HubProcess(tmp_path / "found", port=lost.port)
    try:
        told = found.run_json("restore", str(tmp_path / "kept"), "--moved")
        assert told == {"under_way": 0, "in_doubt": 0}
        found.start()
        customer.check_paid_once([task_id])
        for image in customer.read(task_id)["result"]["images"]:
            answer = customer.client.get(image["url"], follow_redirects=True)
            assert answer.content[:4] == b"RIFF", answer.text[:300]
        assert found.run_json("audit")["ok"] is True
        doctor = found.run("doctor")
        assert doctor.returncode == 0, doctor.stdout
    finally:
        found.kill()
