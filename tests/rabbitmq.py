"""A real RabbitMQ of a test's own, of Debian's package: started, killed and started again on what it kept."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port
from tests.programs import need_program

# Its own scripts: those in /usr/sbin change to a user and to folders of the system.
SCRIPTS = "/usr/lib/rabbitmq/bin"
START_SECONDS = 60


class RabbitMQ:
    """One node in a folder, with its management API; nothing of it outlives the test."""

    def __init__(self, folder: Path) -> None:
        need_program("/usr/sbin/rabbitmq-server", "rabbitmq-server", variable="RABBITMQ_SERVER")
        self.sbin = Path(os.path.realpath(f"{SCRIPTS}/rabbitmq-defaults")).parent
        self.folder, self.port, self.management = folder, free_port(), free_port()
        self.epmd, self.log = free_port(), folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[rabbitmq_management].")
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management}\n"
        )

    @property
    def url(self) -> str:
        """Return its address as a broker."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def api(self) -> str:
        """Return the address of its management."""
        return f"http://guest:guest@127.0.0.1:{self.management}/api/"

    def environment(self) -> dict[str, str]:
        """Return what its scripts read."""
        names = {
            "NODENAME": f"genhub{self.port}@localhost",
            "MNESIA_BASE": str(self.folder / "data"),
            "LOG_BASE": str(self.folder),
            "LOGS": "-",
            "DIST_PORT": str(self.port + 1),
            "CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "CONF_ENV_FILE": str(self.folder / "none"),
            "ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            **{f"RABBITMQ_{name}": value for name, value in names.items()},
        }

    def start(self) -> None:
        """Start it, and wait until it takes messages."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(self.sbin / "rabbitmq-server")],
                env=self.environment(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        wait_until(self.is_ready, START_SECONDS, "RabbitMQ's start")

    def is_ready(self) -> bool:
        """Return whether it takes messages."""
        try:
            answer = httpx2.get(f"{self.api}health/checks/virtual-hosts", trust_env=False)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200

    def kill(self) -> None:
        """End it without a word."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def control(self, *words: str) -> None:
        """Have rabbitmqctl do something."""
        subprocess.run(
            [str(self.sbin / "rabbitmqctl"), *words],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=patience(),
        )

    def queues(self) -> dict[str, Any]:
        """Return its queues by name."""
        answer = httpx2.get(f"{self.api}queues", trust_env=False, timeout=patience())
        return {row["name"]: row for row in answer.json()}

    def delete(self, queue: str) -> None:
        """Delete a queue and what is in it."""
        answer = httpx2.delete(f"{self.api}queues/%2F/{queue}", trust_env=False, timeout=patience())
        assert answer.status_code in {204, 404}, answer.text


@contextmanager
def rabbitmq(folder: Path) -> Iterator[RabbitMQ]:
    """Run one until the body ends."""
    broker = RabbitMQ(folder)
    # Its own: the first script to need one would start it as a daemon that stays.
    names = subprocess.Popen(["epmd", "-port", str(broker.epmd), "-address", "127.0.0.1"])
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        names.terminate()
        names.wait()
