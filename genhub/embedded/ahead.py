"""Runs a module like `python -m`, having imported what takes long: `ahead.py HOME MODULE,... PROGRAM ARGUMENTS...`.

The program begins when stdin ends: the launcher holds it open while the tables are made, and the imports go on
meanwhile, one program's after the other's, so that the tables keep a core. Without a launcher stdin is empty, and the
program begins at once.
"""

import contextlib
import fcntl
import gc
import os
import runpy
import select
import sys
from collections.abc import Iterator
from importlib import import_module

import django

POLL_SECONDS = 0.05


@contextlib.contextmanager
def turn(home: str) -> Iterator[None]:
    """Wait until no other program of this home imports ahead, or until this one is to begin."""
    folder = os.open(home, os.O_RDONLY)
    try:
        while not _is_free(folder) and not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
            pass
        yield
    finally:
        os.close(folder)


def _is_free(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """Import, wait, then become the program."""
    home, modules, program, *arguments = sys.argv[1:]
    # Hundreds of thousands of objects are made that all stay: to look for garbage among them takes a sixth of the time.
    gc.disable()
    with turn(home):
        # Settings first: libraries read their environment when they are imported.
        django.setup()
        for module in modules.split(","):
            # What is missing here is missing there, where it is told.
            with contextlib.suppress(ImportError):
                import_module(module)
    gc.freeze()
    gc.enable()
    sys.stdin.buffer.read()
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
