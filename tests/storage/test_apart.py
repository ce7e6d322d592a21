"""Programs apart: each has its own files and end; a nursery that dies is replaced, and ends with its owner."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from storage.apart import Apart
from tests.embedded.dummies import wait_for
from tests.patience import patience, slowness

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def apart() -> Iterator[Apart]:
    apart = Apart()
    yield apart
    apart.stop()


def run(
    apart: Apart, program: str, given: bytes = b"", **words: Any
) -> "subprocess.CompletedProcess[bytes]":
    with TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        words = {"arguments": [], "patience_seconds": patience(), **words}
        return apart.run(program, given=file, **words)


def test_program_has_its_input_arguments_and_files_and_no_others(apart: Apart) -> None:
    look = (
        "import os, sys\n"
        "held = sorted(map(int, os.listdir('/proc/self/fd')))[:-1]\n"
        "os.write(3, sys.stdin.buffer.read()[::-1])\n"
        "print(sys.argv[1:], held)\n"
        "print('a word', file=sys.stderr)"
    )
    with TemporaryFile() as place, TemporaryFile() as other:
        more = [place.fileno()]
        done = run(apart, look, b"abc", arguments=["one", "2"], more=more)
        assert (done.returncode, done.stderr) == (0, b"a word\n")
        assert done.stdout == b"['one', '2'] [0, 1, 2, 3]\n"
        place.seek(0)
        assert place.read() == b"cba"
        assert other.read() == b""


def test_what_programs_need_is_loaded_once_for_all(apart: Apart) -> None:
    look = "import sys; print('colorsys' in sys.modules)"
    assert run(apart, look).stdout == b"False\n"
    assert run(apart, look, modules=["colorsys"]).stdout == b"True\n"
    assert run(apart, look).stdout == b"True\n"
    # What is missing is said by the program that needs it, and hurts no other.
    broken = run(apart, "import missing_module", modules=["missing_module"])
    assert broken.stderr.endswith(b"No module named 'missing_module'\n")
    assert run(apart, look).stdout == b"True\n"


def test_end_of_a_program_is_told_as_it_was(apart: Apart) -> None:
    assert run(apart, "import os; os._exit(7)").returncode == 7
    assert run(apart, "import os; os.kill(os.getpid(), 9)").returncode == -signal.SIGKILL
    broken = run(apart, "raise ValueError('not whole')")
    assert broken.returncode == 1
    assert broken.stderr.endswith(b"ValueError: not whole\n")
    assert run(apart, "print('well')").stdout == b"well\n"


def test_one_that_does_not_end_in_time_is_killed(apart: Apart) -> None:
    # Started before, so that only the program itself takes time.
    run(apart, "pass")
    with TemporaryFile() as place:
        tell = "import os, signal; os.write(3, str(os.getpid()).encode()); signal.pause()"
        with pytest.raises(subprocess.TimeoutExpired):
            run(apart, tell, more=[place.fileno()], patience_seconds=2 * slowness())
        place.seek(0)
        pid = int(place.read())
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    assert run(apart, "print('well')").stdout == b"well\n"


def test_programs_run_beside_each_other(apart: Apart) -> None:
    """The first waits for what the second writes: one after the other they would never end."""
    ends = os.pipe()
    try:
        with ThreadPoolExecutor(2) as pool:
            reader = pool.submit(run, apart, "import os; print(os.read(3, 9))", more=[ends[0]])
            writer = pool.submit(run, apart, "import os; os.write(3, b'heard')", more=[ends[1]])
            assert writer.result(patience()).returncode == 0
            assert reader.result(patience()).stdout == b"b'heard'\n"
    finally:
        for end in ends:
            os.close(end)


def test_nursery_that_died_is_replaced(apart: Apart) -> None:
    parent = "import os; print(os.getppid())"
    first = int(run(apart, parent).stdout)
    assert int(run(apart, parent).stdout) == first
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: "Z" in Path(f"/proc/{first}/stat").read_text().rpartition(")")[2])
    assert int(run(apart, parent).stdout) != first


def test_death_of_the_nursery_is_no_fault_of_a_picture(apart: Apart) -> None:
    tell = "import os, signal; os.write(3, str(os.getpid()).encode()); os.kill(os.getppid(), 9); signal.pause()"
    with TemporaryFile() as place:
        with pytest.raises(OSError, match="has died"):
            run(apart, tell, more=[place.fileno()])
        place.seek(0)
        pid = int(place.read())
    # Nothing is left at work of it.
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def test_threads_that_begin_at_once_share_one(apart: Apart) -> None:
    gate = threading.Barrier(4)

    def ask(_: int) -> bytes:
        gate.wait(patience())
        return run(apart, "import os; print(os.getppid())").stdout

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1


def test_nursery_ends_with_its_owner_and_by_no_signal_of_a_terminal() -> None:
    script = (
        "import io, os, sys; import django; django.setup()\n"
        "from tempfile import TemporaryFile; from storage.apart import apart\n"
        "done = apart.run('import os; print(os.getppid())', [], TemporaryFile(), patience_seconds=60)\n"
        "print(int(done.stdout), flush=True); sys.stdin.read()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout
    try:
        nursery = int(owner.stdout.readline())
        for kind in (signal.SIGINT, signal.SIGTERM):
            os.kill(nursery, kind)
        assert Path(f"/proc/{nursery}").exists()
        owner.kill()
    finally:
        owner.kill()
        owner.communicate(timeout=patience())
    wait_for(lambda: not Path(f"/proc/{nursery}").exists())
