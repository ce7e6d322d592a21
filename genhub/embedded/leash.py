"""Runs one command that ends with its parent: `python leash.py SIGNAL PARENT COMMAND...`.

A launcher killed with `kill -9` can stop nothing itself, so on Linux the kernel sends SIGNAL to
the command when its parent's thread is gone. A script of its own: a hook between fork and exec is
unsafe beside threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    orphan_signal, parent, *command = sys.argv[1:]
    # Python ignores SIGPIPE, and what is ignored stays ignored in the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit("the parent was gone before the command began")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
