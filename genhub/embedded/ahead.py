"""Runs a module like `python -m`, having imported what takes long: `ahead.py MODULE,MODULE... PROGRAM ARGUMENTS...`.

The program begins when stdin ends: the launcher holds it open while the tables are made, and the imports go on
meanwhile. Without a launcher stdin is empty, and the program begins at once.
"""

import contextlib
import gc
import runpy
import sys
from importlib import import_module

import django


def main() -> None:
    """Import, wait, then become the program."""
    modules, program, *arguments = sys.argv[1:]
    # Hundreds of thousands of objects are made that all stay: to look for garbage among them takes a sixth of the time.
    gc.disable()
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
