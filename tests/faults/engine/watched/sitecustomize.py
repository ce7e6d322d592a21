"""Python imports this before anything else where its folder is on the path: from then on each address that this process
and its children dial, or ask a resolver for, is a line of the file that WATCHED_SOCKETS names.

With WATCHED_ALONE the process has a network of its own that leads nowhere, and whose kernel counts what libraries try
without Python. Imports nothing of the hub.
"""

import ctypes
import os
import sys
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
# Of each event, which argument says where to.
WHERE = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}


def leave_the_network() -> None:
    """Move into an empty network; whoever is started from here is in it, too. Who is not root may do so in a
    namespace of his own."""
    del os.environ["WATCHED_ALONE"]
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWNET) and library.unshare(CLONE_NEWUSER | CLONE_NEWNET):
        os.write(2, b"no network of its own\n")
        os._exit(1)


def watch(path: str) -> None:
    """Write down whom this process dials."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in WHERE:
            said = f"{os.getpid()} {event} {arguments[WHERE[event]]!r}\n"
            os.write(file, said.encode("utf-8", "backslashreplace"))

    sys.addaudithook(note)


if "WATCHED_ALONE" in os.environ:
    leave_the_network()
if "WATCHED_SOCKETS" in os.environ:
    watch(os.environ["WATCHED_SOCKETS"])
