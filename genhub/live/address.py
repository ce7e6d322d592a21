"""Where the events process listens: `host:port`, or `unix:` and a path."""

import socket

CONNECT_SECONDS = 1.0
UNIX = "unix:"


def read_address(address: str) -> tuple[str, int, str | None]:
    """Return host and port, or the path of a socket."""
    if address.startswith(UNIX):
        return "", 0, address.removeprefix(UNIX)
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port), None


def is_open(address: str) -> bool:
    """Return whether somebody listens there."""
    host, port, path = read_address(address)
    family = socket.AF_UNIX if path else socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.settimeout(CONNECT_SECONDS)
        return sock.connect_ex(path or (host, port)) == 0
