"""A process that has loaded what looks at pictures, and forks itself for each: so none waits until that is loaded. What
only some programs need is loaded for the first of them.

Started by `apart`, which passes the files of each program through a socket. It reads nothing that a stranger sent, has
one thread, and ends with whoever started it.
"""

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress
from typing import Any, Final

from PIL import Image

# Of each program: where its end is told, what to run, input, output, errors, and what it gets beside them.
MOST_FILES: Final = 8
STATUS: Final = struct.Struct("i")
# From <sys/prctl.h>.
PR_SET_PDEATHSIG: Final = 1
# So much of what to run; far more than any does.
MOST_JOB_BYTES: Final = 32 * 1024


class Nursery:
    """The processes that are at work, by the socket on which their end is told."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.woken, wakes = os.pipe()
        for end in (self.woken, wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes)
        for source in (control, self.woken):
            self.selector.register(source, selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork for whoever asks, until nobody can ask any more."""
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.control:
                    asked, files, _, _ = socket.recv_fds(self.control, 1, MOST_FILES)
                    if not asked:
                        self.end_all()
                        return
                    self.bear(files)
                elif key.fileobj == self.woken:
                    os.read(self.woken, 4096)
                    self.reap()
                else:
                    # Whoever asked has given up.
                    os.kill(key.data, signal.SIGKILL)
                    self.selector.unregister(key.fileobj)

    def bear(self, files: list[int]) -> None:
        """Fork: the child runs its program and never returns."""
        report = socket.socket(fileno=files[0])
        job = json.loads(os.read(files[1], MOST_JOB_BYTES))
        for name in job["modules"]:
            # What is missing is said by the program, which needs it.
            with suppress(ImportError):
                importlib.import_module(name)
        pid = os.fork()
        if pid == 0:
            become(job, files[2:])
        for file in files[1:]:
            os.close(file)
        self.children[pid] = report
        self.selector.register(report, selectors.EVENT_READ, pid)

    def reap(self) -> None:
        """Tell how each child ended that has."""
        for pid, report in list(self.children.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self.children[pid]
            if report in {key.fileobj for key in self.selector.get_map().values()}:
                self.selector.unregister(report)
            # Nobody may wait for it any more.
            with suppress(OSError):
                report.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))
            report.close()

    def end_all(self) -> None:
        """End what nobody waits for any more."""
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)


def become(job: dict[str, Any], files: list[int]) -> None:
    """Be the child: keep the program's own files alone, run it, and end as a process of its own would."""
    code = 1
    try:
        # Of a nursery that is killed nothing is left at work; only Linux has the call.
        with suppress(AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        signal.set_wakeup_fd(-1)
        for kind in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.SIG_DFL)
        # Above all others first: a file may stand where another must be.
        moved = [os.dup(file) for file in files]
        for place, file in enumerate(moved):
            os.dup2(file, place)
        os.closerange(len(moved), os.sysconf("SC_OPEN_MAX"))
        sys.argv = ["-c", *job["arguments"]]
        exec(job["program"], {"__name__": "__main__"})  # noqa: S102 (our own program)
        sys.stdout.flush()
        code = 0
    except BaseException:  # noqa: BLE001 (as the interpreter ends)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main() -> None:
    """Load what the programs need, then serve the socket that this process was given."""
    # A terminal's Ctrl-C is for whoever started this: what is under way there ends first.
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.SIG_IGN)
    control, *modules = sys.argv[1:]
    for name in modules:
        importlib.import_module(name)
    Image.preinit()
    # The children share what is loaded.
    gc.freeze()
    Nursery(socket.socket(fileno=int(control))).serve()
