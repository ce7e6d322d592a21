"""Ports that somebody takes a moment after they were found free."""

import random
import socket

# Below those that the kernel gives to whoever asks for any (32768 and up by default): no other test's server takes one
# of these before its own comes to it.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """Return a port of loopback that is free and whose next one is free too (Flower's)."""
    while True:
        port = random.SystemRandom().randrange(FIRST, LAST, 2)
        try:
            with (
                socket.create_server(("127.0.0.1", port)),
                socket.create_server(("127.0.0.1", port + 1)),
            ):
                return port
        except OSError:
            continue
