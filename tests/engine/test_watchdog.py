"""The watchdog in processes of its own: it ends them."""

import faulthandler
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest

from generation.engine.watchdog import Watchdog
from tests.patience import patience, slowness

pytestmark = pytest.mark.whole

BEGIN = """
    import logging, sys, threading, time
    from generation.engine.watchdog import Watchdog
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    # The limit: what a busy machine lets a thread wait, and no more, is far below.
    limit = {limit}
    dog = Watchdog(limit)
    def hang():
        threading.Event().wait()
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    begin = BEGIN.replace("{limit}", str(min(1.2 * slowness(), 3.0)))
    script = textwrap.dedent(begin) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=patience(30),
        check=False,
    )


def test_a_stage_that_never_ends_ends_the_process_with_its_stack() -> None:
    ended = run("""
        with dog.stage("decode"):
            hang()
    """)
    assert ended.returncode == 1
    assert "Timeout (0:" in ended.stderr
    assert "in hang" in ended.stderr
    assert "the stage decode moves no more" in ended.stdout


def test_a_call_that_holds_the_interpreters_lock_ends_the_process_too() -> None:
    ended = run("""
        import ctypes
        with dog.stage("step"):
            ctypes.PyDLL(None).sleep(600)
    """)
    assert ended.returncode == 1
    assert "Timeout" in ended.stderr


def test_what_moves_on_lives() -> None:
    ended = run("""
        with dog.stage("step"):
            for _ in range(12):
                time.sleep(limit / 10)
                dog.beat()
        with dog.stage("load", patience=10):
            time.sleep(1.1 * limit)
            with dog.stage("encode"):
                time.sleep(1.1 * limit)
        time.sleep(1.1 * limit)
        print("alive")
    """)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "alive")


def test_one_thread_that_moves_does_not_hide_another_that_hangs() -> None:
    ended = run("""
        def store():
            with dog.stage("store"):
                hang()
        threading.Thread(target=store, daemon=True).start()
        with dog.stage("step"):
            while True:
                time.sleep(limit / 10)
                dog.beat()
    """)
    assert ended.returncode == 1
    assert "in store" in ended.stderr


class Nosy:
    """A lock at whose every release another thread's stage moves on at once."""

    def __init__(self, dog: Watchdog) -> None:
        self.dog, self.lock, self.is_busy = dog, dog._lock, False

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()
        if not self.is_busy:
            self.is_busy = True
            thread = threading.Thread(target=self.dog.beat)
            thread.start()
            thread.join()
            self.is_busy = False


def test_no_thread_sees_a_stage_before_it_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[float] = []

    def note(seconds: float, **_: Any) -> None:
        left.append(seconds)

    monkeypatch.setattr(faulthandler, "dump_traceback_later", note)
    dog = Watchdog(60)
    dog._lock = Nosy(dog)  # type: ignore[assignment]
    with dog.stage("draw"), dog.stage("decode"):
        pass
    assert len(left) > 4
    assert min(left) > 50


@pytest.mark.parametrize("seconds", ["0", "0.0"])
def test_zero_watches_nothing(seconds: str) -> None:
    ended = run(f"""
        dog = Watchdog({seconds})
        with dog.stage("step"):
            time.sleep(1.1 * limit)
        print("alive")
    """)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")
