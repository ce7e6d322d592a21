"""Ports: found taken before anything starts, not after."""

import errno
import http.client
import json
import socket
from ipaddress import ip_address
from typing import Any

from genhub.embedded.errors import HubError

HTTP_SECONDS = 3.0


def visited_host(host: str) -> str:
    """Return where a server that listens on this host is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens on this host."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        # Whoever listens there will say so.
        return True
    return all(ip_address(str(address).partition("%")[0]).is_loopback for address in found)


def check_port(host: str, port: int, *, purpose: str) -> None:
    """Raise when nothing can listen on this port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return
    except OverflowError as error:
        raise HubError(f"GENHUB_PORT must lie between 1 and 65534, not {port}") from error
    except OSError as error:
        raise HubError(_word_refusal(host, port, purpose, error)) from error


def read_json(host: str, port: int, path: str) -> Any | None:
    """Return what a server on this machine answers a GET with, whatever it says; None when that is not JSON."""
    connection = http.client.HTTPConnection(visited_host(host), port, timeout=HTTP_SECONDS)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _word_refusal(host: str, port: int, purpose: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} for {purpose} is taken: stop the program that listens there, "
            "or set GENHUB_PORT to another port (Flower takes the one after it)"
        )
    if error.errno == errno.EACCES:
        return f"port {port} for {purpose} is reserved for root: set GENHUB_PORT to 1024 or more"
    why = error.strerror or str(error)
    return f"{purpose} cannot listen on {host}:{port}: {why}; set GENHUB_HOST or GENHUB_PORT"
