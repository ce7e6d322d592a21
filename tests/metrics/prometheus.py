"""A real Prometheus for tests, and promtool beside it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port
from tests.programs import need_program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FOLDER = DEPLOY / "prometheus"
HUB, FLOWER = "127.0.0.1:8000", "127.0.0.1:5555"


def promtool(*arguments: str | Path) -> None:
    """Run promtool; what it finds wrong fails the test in its words."""
    path = need_program("/usr/bin/promtool", "prometheus", variable="PROMTOOL")
    done = subprocess.run(
        [path, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience(),
    )
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    port: int
    log: Path

    def ask(self, what: str, **words: str) -> Any:
        """Return the data of an answer of its API; a refusal fails the test in its words."""
        address = f"http://127.0.0.1:{self.port}/api/v1/{what}"
        answer = httpx2.get(address, params=words, trust_env=False, timeout=patience())
        said = answer.json()
        assert said["status"] == "success", (words, said)
        return said["data"]

    def query(self, expression: str) -> list[Any]:
        """Return the series that an expression has now."""
        found: list[Any] = self.ask("query", query=expression)["result"]
        return found

    def is_up(self, job: str) -> bool:
        """Return whether it has read a job's figures."""
        return [series["value"][1] for series in self.query(f'up{{job="{job}"}}')] == ["1"]


@contextmanager
def watching(folder: Path, *, hub: int, flower: int) -> Iterator[Prometheus]:
    """Run Prometheus as `deploy/` configures it, but for the ports that it asks."""
    text = (FOLDER / "prometheus.yml").read_text("utf-8")
    assert HUB in text
    assert FLOWER in text
    text = text.replace(HUB, f"127.0.0.1:{hub}").replace(FLOWER, f"127.0.0.1:{flower}")
    (folder / "prometheus.yml").write_text(text, "utf-8")
    (folder / "alerts.yml").write_bytes((FOLDER / "alerts.yml").read_bytes())
    port, log = free_port(), folder / "prometheus.log"
    command = [
        need_program("/usr/bin/prometheus", "prometheus", variable="PROMETHEUS"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    found = Prometheus(port, log)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return httpx2.get(f"http://127.0.0.1:{port}/-/ready", trust_env=False).is_success
        except httpx2.HTTPError:
            return False

    try:
        wait_until(answers, 30, "Prometheus' start")
        yield found
    finally:
        process.terminate()
        process.wait(patience())
