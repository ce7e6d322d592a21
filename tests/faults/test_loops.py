"""A real process of loops, watched: what hangs is late, what goes on is not, and who comes back is well."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.db.models import F

from generation import loops
from generation.models import LoopBeat
from tests.faults.processes import LOOPS, running, wait_until
from tests.servers import database_url
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
SECONDS = 120
QUICK = {"SWEEP_SECONDS": "1", "REAP_SECONDS": "1"}


def states() -> dict[str, str]:
    return {name: loop.state for name, loop in loops.examine().items()}


def all_are(state: str) -> Callable[[], bool]:
    return lambda: set(states().values()) == {state}


def forget_beats() -> None:
    """Let an hour pass for the rows."""
    LoopBeat.objects.update(beat_at=F("beat_at") - timedelta(hours=1))


def test_stopped_process_is_late_and_well_when_it_goes_on(tmp_path: Path) -> None:
    assert all_are("unknown")()
    with running(tmp_path / "loops.log", *LOOPS, **QUICK) as process:
        wait_until(all_are("ok"), SECONDS, "the first turn of each loop")
        os.kill(process.pid, signal.SIGSTOP)
        forget_beats()
        assert all_are("late")()
        os.kill(process.pid, signal.SIGCONT)
        wait_until(all_are("ok"), SECONDS, "the next turn of each loop")


def test_loop_that_waits_for_a_lock_is_late_alone(tmp_path: Path) -> None:
    with running(tmp_path / "loops.log", *LOOPS, **QUICK):
        wait_until(all_are("ok"), SECONDS, "the first turn of each loop")
        with psycopg.connect(database_url(str(connection.settings_dict["NAME"]))) as other:
            other.execute("LOCK TABLE credits_hold IN ACCESS EXCLUSIVE MODE")

            forget_beats()
            others = set(states()) - {"expire_holds"}
            wait_until(lambda: {states()[name] for name in others} == {"ok"}, SECONDS, "the others")
            # Its turn began before, or waits by now; either way it ends with the lock.
            forget_beats()
            wait_until(lambda: {states()[name] for name in others} == {"ok"}, SECONDS, "the others")
            assert states()["expire_holds"] == "late"
            other.rollback()
        struck("J10", seconds=wait_until(all_are("ok"), SECONDS, "the turn that waited"))


DYING = """
import django, sys
django.setup()
from django.core.management import call_command
from generation import loops
list_loops = loops.list_loops
loops.list_loops = lambda: [*list_loops(), loops.Loop(sys.exit, 1.0)]
call_command("loops")
"""


def test_process_one_of_whose_threads_dies_ends_to_be_started_again(tmp_path: Path) -> None:
    log = tmp_path / "loops.log"
    with running(log, "-c", DYING, **QUICK) as process:
        wait_until(lambda: process.poll() is not None, SECONDS, "the end of the process")
        assert process.returncode == 0
    assert "the thread of exit has died" in log.read_text()
