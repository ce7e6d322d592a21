"""A real master with two replicas and three sentinels of a test's own, of Debian's: one program is all of them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.faults.processes import wait_until
from tests.ports import free_port
from tests.programs import need_program

NAME = "genhub"
REPLICAS, SENTINELS = 2, 3
# A master that is silent for so long is replaced by the word of two sentinels.
DOWN_MS = 1000
WATCH = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {name} {down}
sentinel failover-timeout {name} 5000
sentinel parallel-syncs {name} 2
requirepass {password}
sentinel sentinel-pass {password}
sentinel auth-pass {name} {password}
"""


class Sentinels:
    """All of them; each asks for the password."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder, self.password = folder, password
        self.program = need_program(
            "/usr/bin/redis-check-rdb", "redis-tools", variable="REDIS_CHECK_RDB"
        )
        self.servers: dict[int, subprocess.Popen[bytes]] = {}
        self.ports: list[int] = []

    @property
    def url(self) -> str:
        """Return its address as a broker."""
        return ";".join(f"sentinel://:{self.password}@127.0.0.1:{port}/1" for port in self.ports)

    def settings(self) -> dict[str, str]:
        """Return what processes of the hub are told."""
        return {
            "CELERY_BROKER_URL": self.url,
            "SENTINEL_MASTER": NAME,
            "SENTINEL_PASSWORD": self.password,
        }

    def run(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one; the name by which it is called says what it is."""
        with (self.folder / "redis.log").open("ab") as log:
            return subprocess.Popen(
                [name, *arguments], executable=self.program, cwd=self.folder, stdout=log, stderr=log
            )

    def serve(self, *more: str) -> int:
        """Start a server and return its port."""
        port = free_port()
        words = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", self.password,
                 "--masterauth", self.password, "--maxmemory-policy", "noeviction")  # fmt: skip
        self.servers[port] = self.run("redis-server", *words, *more)
        wait_until(lambda: self.answers(port), 20, "Redis' start")
        return port

    def ask(self, port: int) -> "redis.Redis":
        """Return a client of one."""
        return redis.Redis(port=port, password=self.password, socket_timeout=2)

    def answers(self, port: int) -> bool:
        """Return whether one answers."""
        try:
            return bool(self.ask(port).ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start all, and wait until the sentinels know each other and the replicas."""
        master = self.serve()
        for _ in range(REPLICAS):
            self.serve("--replicaof", "127.0.0.1", str(master))
        self.ports = [free_port() for _ in range(SENTINELS)]
        for port in self.ports:
            config = self.folder / f"sentinel-{port}.conf"
            config.write_text(
                WATCH.format(
                    port=port, folder=self.folder, name=NAME, master=master, down=DOWN_MS,
                    password=self.password,
                )
            )  # fmt: skip
            self.servers[port] = self.run("redis-sentinel", str(config), "--sentinel")
        wait_until(lambda: all(map(self.knows_all, self.ports)), 60, "the sentinels' acquaintance")

    def knows_all(self, port: int) -> bool:
        """Return whether a sentinel knows the others and the replicas."""
        if not self.answers(port):
            return False
        known: Any = self.ask(port).sentinel_master(NAME)
        return (known["num-slaves"], known["num-other-sentinels"]) == (REPLICAS, SENTINELS - 1)

    def master(self) -> int:
        """Return the port of whoever the first sentinel says is the master."""
        address: Any = self.ask(self.ports[0]).sentinel_get_master_addr_by_name(NAME)
        return int(address[1])

    def kill_master(self) -> int:
        """Kill it without a word, and return which it was."""
        port = self.master()
        self.servers[port].kill()
        self.servers[port].wait()
        return port

    def stop(self) -> None:
        """End all."""
        for server in self.servers.values():
            server.kill()
            server.wait()


@contextmanager
def sentinels(folder: Path, password: str) -> Iterator[Sentinels]:
    """Run them until the body ends."""
    found = Sentinels(folder, password)
    try:
        found.start()
        yield found
    finally:
        found.stop()
