"""A pytest plugin (`-p tests.servers`): one private PostgreSQL and one Valkey for the whole run.

The first process starts them in a throw-away home, and the workers of xdist find them through the
environment. Each worker has its own database (pytest-django names it) and its own number in Valkey.
The environment is set when pytest loads this module: settings are read before any hook of ours.
"""

import gc
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_timeout

from genhub.embedded import paths
from genhub.embedded.postgres import UNSAFE_SETTINGS, postgres
from genhub.embedded.supervise import Supervisor
from genhub.embedded.valkey import valkey
from tests.patience import known_patience

# What a developer's shell may hold must not reach the tests.
FOREIGN = (
    "DATABASE_URL",
    "DATABASE_DIRECT_URL",
    "REDIS_URL",
    "SENTINEL_MASTER",
    "SENTINEL_PASSWORD",
    "S3_BUCKET",
    "S3_UPLOADS_BUCKET",
    "S3_PREVIEWS_BUCKET",
    "S3_WITHHELD_BUCKET",
    "S3_ADDRESSING_STYLE",
    "S3_ENDPOINT_URL",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "AWS_S3_BUCKET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SECRET_KEY",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "PRIVATE_HOSTS",
    "INPUT_HOSTS",
    "WEBHOOK_HOSTS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SENTRY_DSN",
    # Nobody is mailed by a test.
    "ALERT_MAIL_TO",
    "ALERT_WEBHOOK_URL",
    "ALERT_WEBHOOK_SECRET",
    "ALERT_LANGUAGE",
    "ALERT_HOLD_SECONDS",
    "EMAIL_HOST",
    "FLOWER_URL_PREFIX",
    "GENHUB_HOST",
    "GENHUB_PORT",
    "LOG_FOLDER",
    "Z_IMAGE_FOLDER",
    "Z_IMAGE_REVISION",
    "Z_IMAGE_TURBO_FOLDER",
    "Z_IMAGE_TURBO_REVISION",
    "LIUJUAN_WEIGHTS",
    "DEFAULT_MODEL",
    "LEASE_SECONDS",
    "LOCAL_STALL_SECONDS",
    "LOCAL_THREADS",
    "LOCAL_BATCH",
    "LOCAL_DTYPE",
    # Nobody pays a vendor for a test.
    "ENCRYPTION_KEYS",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "AIHUBMIX_API_KEY",
    "STABLE_DIFFUSION_API_URL",
    "STABLE_DIFFUSION_API_KEY",
    "BFL_API_KEY",
    "STABILITY_API_KEY",
    "ARK_API_KEY",
    "DASHSCOPE_API_KEY",
    "REPLICATE_API_TOKEN",
    "FAL_KEY",
    "MIDJOURNEY_PROXY_URL",
    "MIDJOURNEY_PROXY_SECRET",
    "RUNWAYML_API_SECRET",
    "VIDEO_GENERATION_API_URL",
    "VIDEO_GENERATION_API_KEY",
    "DEFAULT_VIDEO_MODEL",
    "MISSING_PRICE",
    "REMOTE_THREADS",
)
# Nothing is measured yet, and the machine may be slow.
START_SECONDS = 600
SETTINGS = UNSAFE_SETTINGS | {"max_connections": "300"}
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
LEFT_TO_WHOLE = {
    Path(__file__).parent / name for name in ("bench", "browser", "faults", "front", "live")
}
# The collector's own 700 are for programs that make less than one page of the admin does.
YOUNG_OBJECTS = 10_000


class Servers:
    """The servers of this run; only the process that began it owns them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run_folder = paths.run_folder(home)
        self._supervisor = Supervisor(log_folder=home / "log", say=lambda line: None)

    def start(self) -> None:
        """Start both servers and wait until they answer."""
        for folder in (self.home, self.home / "log", self.run_folder):
            paths.make_private(folder)
        self._supervisor.start(
            replace(
                postgres(self.home, self.run_folder, settings=SETTINGS), ready_seconds=START_SECONDS
            ),
            replace(valkey(self.home, self.run_folder), ready_seconds=START_SECONDS),
        )

    def stop(self) -> None:
        """Stop both and remove what they wrote."""
        self._supervisor.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.run_folder, ignore_errors=True)


def broker_url(home: Path, worker: str) -> str:
    """Return Valkey's address with a database number of this worker's own."""
    number = int(worker.removeprefix("gw") or 0) + 1 if worker else 0
    return f"redis+socket://{paths.valkey_socket(paths.run_folder(home))}?virtual_host={number}"


def database_url(name: str) -> str:
    """Return the address of one database of this run, for processes that a test starts."""
    return f"postgres://genhub@/{name}?host={paths.run_folder(Path(os.environ['GENHUB_HOME']))}"


def _prepare_environment() -> Path:
    if not WORKER:
        for name in FOREIGN:
            os.environ.pop(name, None)
        os.environ["GENHUB_HOME"] = tempfile.mkdtemp(prefix="genhub-test-")
        os.environ["DJANGO_SETTINGS_MODULE"] = "genhub.settings.test"
    home = Path(os.environ["GENHUB_HOME"])
    os.environ["CELERY_BROKER_URL"] = broker_url(home, WORKER)
    return home


HOME = _prepare_environment()
SERVERS: Servers | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker of what `make test` leaves to `make whole`."""
    config.addinivalue_line(
        "markers",
        "whole: starts a whole hub or one of its servers, kills processes, drives a browser, walks every page or route, weighs what is large, or judges drawn pictures",
    )
    if not WORKER:
        share_cores(getattr(config.option, "numprocesses", None) or 1)


def leave_to_whole(items: list[pytest.Item], conftest: str) -> None:
    """Leave the tests of a folder to `make whole`, and there to one worker, which starts what they share once."""
    folder = Path(conftest).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(folder.name))
            item.add_marker(pytest.mark.whole)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read what whole folders leave to `make whole`: it takes each worker seconds."""
    is_left = config.option.markexpr == "not whole" and collection_path in LEFT_TO_WHOLE
    return True if is_left else None


def share_cores(workers: int) -> None:
    """Give torch, here and in all that the tests start, the threads that leave the other workers theirs."""
    cores = len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores // workers))
    # A thread that spins takes its core from another worker.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def pytest_collection() -> None:
    """Look for no rubbish while the tests are collected: all of it stays, and each look takes longer than the last."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave to the collector what the tests make: thousands of tests and torch itself stay to the end."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(YOUNG_OBJECTS)


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> Any:
    """Give a test the time that it needs on this machine before it is taken for hung."""
    seconds = known_patience(settings.timeout)
    return pytest_timeout.pytest_timeout_set_timer(item, settings._replace(timeout=seconds))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its workers."""
    global SERVERS  # noqa: PLW0603
    if not WORKER and not session.config.option.collectonly:
        SERVERS = Servers(HOME)
        SERVERS.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers when nothing needs them any more, also after an interrupt."""
    if SERVERS:
        SERVERS.stop()
    elif not WORKER:
        shutil.rmtree(HOME, ignore_errors=True)
