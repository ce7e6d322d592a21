"""Programs that look at what strangers sent, each in a process of its own that may die of it.

To start a Python takes longer than to look at a picture, so each is a fork of one that has loaded all that it needs.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import IO, Final

from django.conf import settings

from storage.nursery import STATUS

# With Pillow's readers of what is taken: it looks for them when it opens its first picture, which takes as long again.
READERS: Final = ("PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.WebPImagePlugin")
MODULES: Final = ("storage.converting", "storage.edits.drawing", *READERS)
# Isolated, it finds its own files last: none of them can pass for a library.
NURSERY: Final = (
    "import sys; sys.path.append(sys.argv.pop()); from storage.nursery import main; main()"
)
# Each program is new and asks for its memory anew, a small page at a time: of an edit of four megapixels that was a
# fifth. In huge pages, and with what was given back kept, it is a hundredth. Other systems than glibc's pass it over.
MEMORY: Final = (
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824:"
    "glibc.malloc.top_pad=33554432"
)


class Apart:
    """This process's nursery, started when it is first needed and anew when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def run(
        self,
        program: str,
        arguments: Sequence[str],
        given: IO[bytes],
        *,
        more: Sequence[int] = (),
        modules: Sequence[str] = (),
        patience_seconds: float,
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a program's text with this input and return what it wrote; `more` files are its descriptors from 3 on,
        and `modules` are loaded once for all of its kind.

        Raises TimeoutExpired for one that did not end in time, and OSError when nobody can say how it ended.
        """
        with ExitStack() as stack:
            output, errors = (stack.enter_context(TemporaryFile()) for _ in range(2))
            report, theirs = socket.socketpair()
            stack.enter_context(report)
            with theirs, ExitStack() as sent:
                job, end = os.pipe()
                sent.callback(os.close, job)
                with os.fdopen(end, "wb") as file:
                    words = {"program": program, "arguments": arguments, "modules": modules}
                    file.write(json.dumps(words).encode())
                files = (given, output, errors)
                self._send([theirs.fileno(), job, *(one.fileno() for one in files), *more])
            code = await_end(report, program, patience_seconds)
            for one in (output, errors):
                one.seek(0)
            return subprocess.CompletedProcess(program, code, output.read(), errors.read())

    def _send(self, files: Sequence[int]) -> None:
        with self._lock:
            if self._control and self._owner == os.getpid():
                with suppress(OSError):
                    socket.send_fds(self._control, [b"1"], files)
                    return
            socket.send_fds(self._start(), [b"1"], files)

    def _start(self) -> socket.socket:
        if self._process and self._owner == os.getpid():
            self.stop()
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            base = str(settings.BASE_DIR)
            command = [sys.executable, "-I", "-c", NURSERY, str(number), *MODULES, base]
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=(number,),
                env={**os.environ, "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", MEMORY)},
            )
        self._control, self._owner = ours, os.getpid()
        return ours

    def stop(self) -> None:
        """End the nursery, as it ends by itself with this process."""
        if self._process and self._control and self._owner == os.getpid():
            self._control.close()
            self._process.wait()
            self._process = self._control = None


def await_end(report: socket.socket, program: str, patience_seconds: float) -> int:
    """Return how a program ended, by its exit code or, negative, its signal."""
    report.settimeout(max(patience_seconds, 0.001))
    try:
        told = report.recv(STATUS.size)
    except TimeoutError:
        raise subprocess.TimeoutExpired(program, patience_seconds) from None
    if not told:
        raise OSError("the process that runs the programs has died")
    code: int = STATUS.unpack(told)[0]
    return code


apart = Apart()
atexit.register(apart.stop)
