"""The supervisor: started in order, restarted when dead, stopped in reverse, nothing left."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from genhub.embedded.child import LOG_BYTES, Child
from genhub.embedded.errors import HubError, StopAsked
from genhub.embedded.supervise import Keeper, Supervisor
from tests.embedded.dummies import dummy, is_alive, sleeper, wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, lines: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(log_folder=tmp_path, say=lines.append)
    yield supervisor
    supervisor.stop()


def pid_of(child: Child) -> int:
    assert child.pid
    return child.pid


def test_programs_start_in_order_and_say_so(supervisor: Supervisor, lines: list[str]) -> None:
    supervisor.start(sleeper("first"))
    supervisor.start(sleeper("second"), sleeper("third"))
    assert [line.split()[1] for line in lines] == ["first", "second", "third"]
    assert all(is_alive(pid_of(child)) for child in supervisor.children)


def test_stages_stop_in_reverse_and_nothing_is_left(supervisor: Supervisor, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    code = """
signal.signal(15, lambda *_: (open({ends!r}, 'a').write('{name} '), sys.exit()))
open({begun!r}, 'w').write('up')
time.sleep(600)
"""
    for name in ("one", "two", "three"):
        begun = tmp_path / f"{name}.begun"
        lines = code.format(name=name, ends=str(ends), begun=str(begun))
        program = dummy(name, lines, is_ready=begun.exists)
        supervisor.start(program)
    pids = [pid_of(child) for child in supervisor.children]
    supervisor.stop()
    assert ends.read_text().split() == ["three", "two", "one"]
    assert not any(map(is_alive, pids))


def test_program_started_ahead_begins_at_its_turn_and_again_at_once(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    held, begun = tmp_path / "held", tmp_path / "begun"
    code = f"""
open({str(held)!r}, 'w')
sys.stdin.read()
open({str(begun)!r}, 'a').write('begun ')
time.sleep(600)
"""
    program = dummy("ahead", code, is_ready=begun.exists)
    supervisor.start_ahead(program)
    wait_for(held.exists)
    supervisor.start(sleeper("first"))
    assert not begun.exists()
    supervisor.start(program)
    wait_for(begun.read_text)
    child = supervisor.children[1]
    os.kill(pid_of(child), signal.SIGKILL)
    wait_for(lambda: child.status() is not None)
    supervisor.tend()
    wait_for(lambda: begun.read_text() == "begun begun ")


def test_program_whose_turn_never_comes_is_stopped(
    supervisor: Supervisor, tmp_path: Path, lines: list[str]
) -> None:
    held = tmp_path / "held"
    code = f"open({str(held)!r}, 'w').write(str(os.getpid())); sys.stdin.read(); time.sleep(600)"
    supervisor.start_ahead(dummy("ahead", code))
    wait_for(lambda: held.exists() and held.read_text())
    supervisor.stop()
    assert not is_alive(int(held.read_text()))
    assert lines == []


def test_a_killed_child_is_restarted_at_once_and_named(
    supervisor: Supervisor, lines: list[str]
) -> None:
    supervisor.start(sleeper("web"))
    child = supervisor.children[0]
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: child.status() is not None)
    supervisor.tend()
    assert child.status() is None
    assert pid_of(child) != first
    assert "web" in lines[-1]
    assert "SIGKILL" in lines[-1]
    assert "at once" in lines[-1]


def test_a_child_that_keeps_dying_young_waits_longer_each_time(
    tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr("genhub.embedded.supervise.time.monotonic", lambda: clock)
    child = Child(dummy("bad", "sys.exit(3)"), log_folder=tmp_path)
    monkeypatch.setattr(child, "status", lambda: 3)
    starts: list[float] = []
    monkeypatch.setattr(child, "start", lambda: starts.append(clock))
    keeper = Keeper(child)
    child.started_at = clock
    for _ in range(4000):
        keeper.tend(lines.append)
        if starts and starts[-1] == clock:
            child.started_at = clock
        clock += 0.1
    pauses = [round(after - before) for before, after in pairwise(starts)]
    assert starts[0] == 1000.0
    assert pauses[:6] == [1, 2, 4, 8, 16, 30]
    assert set(pauses[6:]) == {30}
    child.started_at = clock - 60
    keeper._restart_at = None
    keeper.tend(lines.append)
    assert lines[-1].count("again at once") == 1


def test_a_restart_that_fails_is_said_and_tried_again(
    supervisor: Supervisor, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.start(sleeper("web"))
    child = supervisor.children[0]
    child.kill_group()
    wait_for(lambda: child.status() is not None)

    def fail() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(child, "start", fail)
    supervisor.tend()
    assert "No space left" in lines[-1]
    supervisor.tend()


def test_a_child_that_dies_while_starting_is_a_dead_end_with_its_last_words(
    supervisor: Supervisor,
) -> None:
    with pytest.raises(HubError, match=r"(?s)broken ended with status 3 while starting.*no luck"):
        supervisor.start(dummy("broken", "print('no luck'); sys.exit(3)", is_ready=lambda: False))


def test_a_child_that_never_gets_ready_is_a_dead_end(supervisor: Supervisor) -> None:
    with pytest.raises(HubError, match="slow was not ready within 0 s"):
        supervisor.start(sleeper("slow", is_ready=lambda: False, ready_seconds=0.1))
    pid = pid_of(supervisor.children[0])
    supervisor.stop()
    assert not is_alive(pid)


def test_a_stubborn_child_and_its_own_children_are_killed(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    path = tmp_path / "pid"
    code = f"""
signal.signal(15, signal.SIG_IGN)
child = os.fork()
if child:
    open({str(path)!r}, 'w').write(str(child))
time.sleep(600)
"""
    stubborn = dummy("stubborn", code, grace_seconds=0.2, is_ready=path.exists)
    supervisor.start(stubborn)
    wait_for(path.read_text)
    pids = [pid_of(supervisor.children[0]), int(path.read_text())]
    supervisor.stop()
    wait_for(lambda: not any(map(is_alive, pids)))


def test_a_stop_is_noticed_while_a_child_is_starting(tmp_path: Path, lines: list[str]) -> None:
    supervisor = Supervisor(log_folder=tmp_path, say=lines.append, is_stopping=lambda: True)
    with pytest.raises(StopAsked):
        supervisor.start(sleeper("slow", is_ready=lambda: False))
    supervisor.stop()
    assert supervisor.children == []


def test_a_run_that_fails_shows_the_end_of_its_log(supervisor: Supervisor) -> None:
    supervisor.run_once(dummy("fine", "print('done')"))
    with pytest.raises(HubError, match=r"(?s)prepare ended with status 1.*no table"):
        supervisor.run_once(dummy("prepare", "sys.exit('no table')"))


def test_a_grown_log_is_cut_and_one_older_is_kept(tmp_path: Path) -> None:
    child = Child(sleeper("talker"), log_folder=tmp_path)
    child.log.write_bytes(b"x" * (LOG_BYTES + 1))
    child.bound_log()
    assert child.log.stat().st_size == 0
    assert (tmp_path / "talker.log.1").stat().st_size == LOG_BYTES + 1


STUBBORN = "signal.signal(15, signal.SIG_IGN)"
# A call into C that holds the interpreter's lock for good, as a kernel in mid-step may.
BUSY = "import ctypes; ctypes.PyDLL(None).sleep(600)"
LOOSE = "os.fork() or os.fork(); time.sleep(600)"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's own")
@pytest.mark.parametrize("code", ["", STUBBORN, BUSY, LOOSE], ids=["idle", "deaf", "busy", "forks"])
def test_a_killed_launcher_leaves_nothing_running(tmp_path: Path, code: str) -> None:
    begun = tmp_path / "begun"
    lines = f"""
import time
from pathlib import Path
from genhub.embedded.supervise import Supervisor
from tests.embedded.dummies import dummy, sleeper
code = {code!r} + "\\ntime.sleep(600)"
begun = Path({str(begun)!r})
supervisor = Supervisor(log_folder=begun.parent, say=str)
supervisor.start(
    sleeper("a"), dummy("b", f"open({{str(begun)!r}}, 'w')\\n{{code}}", is_ready=begun.exists)
)
print(*[child.pid for child in supervisor.children], flush=True)
time.sleep(600)
"""
    mark = f"MARK={tmp_path}"
    launcher = subprocess.Popen(
        [sys.executable, "-c", lines], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "MARK": str(tmp_path)},
    )  # fmt: skip
    assert launcher.stdout
    pids = [int(pid) for pid in launcher.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(is_alive, pids))
    if code == LOOSE:
        wait_for(lambda: len(marked(mark)) >= 5)
    launcher.kill()
    launcher.wait()
    wait_for(lambda: not any(map(is_alive, marked(mark))))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's leash is Linux's own")
def test_guard_that_was_killed_is_replaced_and_knows_every_group(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start(sleeper("a"))
    guard = supervisor._guard._process
    assert guard
    guard.kill()
    guard.wait()
    supervisor.start(sleeper("b"))
    new = supervisor._guard._process
    assert new
    assert new.stdin
    # As the launcher's death does it.
    new.stdin.close()
    new.wait()
    children = supervisor.children
    wait_for(lambda: all(child.status() == -signal.SIGKILL for child in children))


def test_guard_forgets_what_has_ended_and_goes_with_its_launcher(supervisor: Supervisor) -> None:
    supervisor.start(sleeper("a"))
    supervisor.run_once(dummy("fine", "print('done')"))
    guard, (child,) = supervisor._guard, supervisor.children
    assert guard._groups == {child.pid}
    process = guard._process
    supervisor.stop()
    assert guard._groups == set()
    assert process
    assert process.poll() == 0


def marked(mark: str) -> list[int]:
    """Return the processes that carry this word in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found
