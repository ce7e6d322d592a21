"""Where the sockets lie."""

import os
import socket
from pathlib import Path

import pytest

from genhub.embedded import paths
from genhub.embedded.errors import HubError
from genhub.embedded.paths import check_room, make_private, run_folder, valkey_socket


def test_sockets_lie_in_the_home_when_its_path_is_short() -> None:
    assert run_folder(Path("/srv/hub")) == Path("/srv/hub/run")


@pytest.mark.parametrize("letter", ["a", "图"])
def test_sockets_of_a_long_home_get_a_short_folder_of_their_own(letter: str) -> None:
    long, other = Path("/", letter * 90, "x"), Path("/", letter * 90, "y")
    assert run_folder(long) == run_folder(long)
    assert run_folder(long) != run_folder(other)
    assert len(os.fsencode(run_folder(long))) < 87


def test_the_longest_folder_still_takes_postgres_lock_file(tmp_path: Path) -> None:
    home = tmp_path / "h"
    room = 87 - len(os.fsencode(home / "x" / "run"))
    home = home / ("x" * (room + 1))
    assert run_folder(home) == home / "run"
    run_folder(home).mkdir(parents=True)
    path = run_folder(home) / ".s.PGSQL.5432.lock"
    assert len(os.fsencode(path)) <= 107
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    assert len(os.fsencode(valkey_socket(run_folder(home)))) <= 107


def test_a_full_disk_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_room(tmp_path)
    monkeypatch.setattr(paths, "ROOM_BYTES", 1 << 60)
    with pytest.raises(HubError, match="GENHUB_HOME"):
        check_room(tmp_path)


def test_a_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_that_somebody_put_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HubError, match="belongs to somebody else"):
        make_private(tmp_path / "run")
