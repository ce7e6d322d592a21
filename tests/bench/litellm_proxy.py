"""LiteLLM's proxy in a virtual environment of its own, before the benchmarks' vendor: what it costs to pass on a
picture. It checks, labels, stores and charges nothing."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests import servers
from tests.bench.engine_tax import list_family
from tests.bench.measure import NotRun
from tests.bench.remote_hub import answers
from tests.bench.server import say
from tests.embedded.dummies import wait_for
from tests.ports import free_port

# Kept between runs: it takes minutes to install.
FOLDER = Path(tempfile.gettempdir()) / "genhub-bench-litellm"
PROGRAM = FOLDER / "bin" / "litellm"
START_SECONDS = 120.0
CONFIG = """
model_list:
  - model_name: {alias}
    litellm_params: {{model: openai/dall-e-3, api_base: "{url}", api_key: "{key}"}}
    model_info: {{mode: image_generation}}
"""


@dataclass(frozen=True)
class Proxy:
    """The proxy, seen by an app."""

    process: subprocess.Popen[bytes]
    http: httpx2.Client

    def pids(self) -> list[int]:
        """Return all its processes."""
        return list_family(self.process)

    def make(self) -> None:
        """Order one picture and read the answer."""
        words = {"model": "bench", "prompt": "a red circle"}
        self.http.post("/v1/images/generations", json=words).raise_for_status().read()


def install(*, may_take_minutes: bool) -> None:
    """Have the proxy installed; raise NotRun, which says why, where it cannot be had."""
    if PROGRAM.exists():
        return
    if not may_take_minutes:
        raise NotRun("LiteLLM is not installed yet: run this once without QUICK")
    say("· installing LiteLLM's proxy into an environment of its own (minutes)")
    try:
        for command in (
            [sys.executable, "-m", "venv", str(FOLDER)],
            [str(FOLDER / "bin" / "pip"), "install", "-qq", "litellm[proxy]"],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().rpartition("\n")[2]
        raise NotRun(f"LiteLLM cannot be installed: {last}") from error


@contextmanager
def running(vendor_url: str, key: str = "sk-bench") -> Iterator[Proxy]:
    """Start the proxy before a vendor that knows it by this key, and end it after the block."""
    port, own_key = free_port(), f"sk-{secrets.token_hex(16)}"
    config = servers.HOME / "litellm.yaml"
    config.write_text(CONFIG.format(alias="bench", url=vendor_url, key=key))
    command = [str(PROGRAM), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(servers.HOME),
        "LITELLM_MASTER_KEY": own_key,
        "LITELLM_MODE": "PRODUCTION",
        # Nothing outside this machine is asked.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
    }
    with (servers.HOME / "litellm.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(port), START_SECONDS)
            url, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {own_key}"}
            with httpx2.Client(
                base_url=url, headers=headers, timeout=60.0, trust_env=False
            ) as http:
                yield Proxy(process, http)
        finally:
            process.terminate()
            process.wait()


def version() -> str:
    """Return which one it is."""
    found = list(FOLDER.glob("lib/*/site-packages/litellm-*.dist-info"))
    return found[0].name.removeprefix("litellm-").removesuffix(".dist-info") if found else ""
