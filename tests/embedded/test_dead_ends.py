"""When `manage.py up` cannot go on: one clear sentence, nothing left running."""

import socket
from pathlib import Path

import pytest

from genhub.embedded.lock import HomeLock
from tests.brokers import away
from tests.embedded.hubs import HubProcess

pytestmark = pytest.mark.whole


@pytest.fixture
def hub(tmp_path: Path) -> HubProcess:
    return HubProcess(tmp_path / "home")


def refused(hub: HubProcess, *words: str) -> None:
    done = hub.run("up")
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert hub.processes() == []
    assert not (hub.home / "pg").exists()


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_refused_before_anything_starts(hub: HubProcess, offset: int) -> None:
    with socket.create_server(("127.0.0.1", hub.port + offset)):
        refused(hub, f"port {hub.port + offset}", "GENHUB_PORT")


def test_a_second_up_in_the_same_home_is_refused(hub: HubProcess) -> None:
    hub.home.mkdir()
    with HomeLock(hub.home) as first:
        first.announce(url="http://127.0.0.1:8000", is_ready=True)
        refused(hub, "already runs", "http://127.0.0.1:8000", "GENHUB_HOME")


def test_a_home_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(HubProcess(tmp_path / "file" / "home"), "GENHUB_HOME")


def test_a_log_folder_that_cannot_be_made_is_refused(hub: HubProcess) -> None:
    hub.home.mkdir()
    (hub.home / "log").write_text("in the way")
    refused(hub, str(hub.home / "log"), "GENHUB_HOME")


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("S3_ACCESS_KEY", "key", "S3_BUCKET"),
        ("DATABASE_URL", "mysql://u@host/name", "DATABASE_URL"),
        ("GENHUB_PORT", "eighty", "GENHUB_PORT"),
        ("DJANGO_SETTINGS_MODULE", "genhub.settings.production", "SECRET_KEY"),
    ],
)
def test_a_half_configured_part_is_refused(
    hub: HubProcess, name: str, value: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**hub.environment, name: value}
    monkeypatch.setattr(HubProcess, "environment", environment)
    refused(hub, word)


def test_a_database_that_does_not_answer_is_named(
    hub: HubProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**hub.environment, "DATABASE_URL": f"postgres://u@127.0.0.1:{hub.port}/name"}
    monkeypatch.setattr(HubProcess, "environment", environment)
    refused(hub, "DATABASE_URL")


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_a_broker_that_does_not_answer_is_named(
    kind: str, hub: HubProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with away(kind, tmp_path) as url:
        monkeypatch.setattr(HubProcess, "environment", {**hub.environment, "REDIS_URL": url})
        refused(hub, "REDIS_URL")
