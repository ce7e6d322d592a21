"""One hub per home."""

import subprocess
import sys
from pathlib import Path

import pytest

from genhub.embedded import lock
from genhub.embedded.errors import HomeInUse, StopAsked
from genhub.embedded.lock import HomeLock, read_facts


def test_a_second_hub_in_the_same_home_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with HomeLock(tmp_path) as first:
        first.announce(url="http://127.0.0.1:8000", is_ready=True)
        with pytest.raises(HomeInUse, match=r"8000.*GENHUB_HOME"):
            HomeLock(tmp_path).take()
    with HomeLock(tmp_path):
        pass


def test_another_home_is_free(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with HomeLock(tmp_path / "a"), HomeLock(tmp_path / "b"):
        pass


def test_a_hub_waits_for_the_children_of_a_killed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = HomeLock(tmp_path)
    first.take()
    orphan = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"],
        pass_fds=first.kept_fds,
    )
    try:
        first.release()
        monkeypatch.setattr(lock, "ORPHAN_SECONDS", 0.2)
        monkeypatch.setattr(lock, "QUIET_SECONDS", 0.0)
        said: list[str] = []
        with pytest.raises(HomeInUse, match=f"earlier run.*kill -9 {orphan.pid}"):
            HomeLock(tmp_path).take(say=said.append)
        assert len(said) == 1
        assert f"{orphan.pid}: " in said[0]
        assert "time.sleep(600)" in said[0]
    finally:
        orphan.kill()
        orphan.wait()
    with HomeLock(tmp_path):
        pass


def test_wait_for_an_earlier_run_ends_with_it_and_can_be_stopped(tmp_path: Path) -> None:
    first = HomeLock(tmp_path)
    first.take()
    orphan = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"],
        pass_fds=first.kept_fds,
    )
    first.release()

    def stop() -> None:
        raise StopAsked

    second = HomeLock(tmp_path)
    try:
        with pytest.raises(StopAsked):
            second.take(pause=stop)
        assert second.kept_fds == ()
    finally:
        orphan.kill()
    second.take()
    second.release()
    orphan.wait()


def test_facts_of_a_home_without_a_hub_are_empty(tmp_path: Path) -> None:
    assert read_facts(tmp_path) == {}
    (tmp_path / "lock").write_text("{")
    assert read_facts(tmp_path) == {}
