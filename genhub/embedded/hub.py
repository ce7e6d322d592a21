"""The whole hub on one machine: which programs, in which order, and where people find it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from django.conf import settings
from kombu import pools

from genhub.embedded import programs
from genhub.embedded.broker import find_broker_fault
from genhub.embedded.errors import HubError
from genhub.embedded.lock import HomeLock
from genhub.embedded.paths import check_room, make_private
from genhub.embedded.ports import check_port, is_loopback, visited_host
from genhub.embedded.postgres import postgres
from genhub.embedded.secrets import are_told
from genhub.embedded.signals import StopSignals
from genhub.embedded.supervise import Supervisor
from genhub.embedded.valkey import valkey
from genhub.embedded.watch import HealthWatch

TEND_SECONDS = 0.5


@dataclass(frozen=True)
class Address:
    """One door of the hub, and who opens it."""

    name: str
    url: str
    user: str = ""
    password: str = ""

    @property
    def login(self) -> str:
        """Return who opens it: with the password at the first start, later with where that stands."""
        if not self.user:
            return ""
        known = self.password or f"password in {settings.HOME / 'secrets.json'}"
        return f"   {self.user} / {known}"


def web_url() -> str:
    """Return where this machine reaches the web server."""
    host = visited_host(settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def addresses() -> list[Address]:
    """Return where people find the hub; with the passwords until they were shown once."""
    url = web_url()
    shown = {} if are_told(settings.HOME) else settings.SECRETS
    return [
        Address("Start here", f"{url}/"),
        Address("Playground", f"{url}/playground/"),
        Address("API docs", f"{url}/api/docs"),
        Address("Handbook", f"{url}/handbook/"),
        Address("Admin", f"{url}/admin/", "admin", shown.get("admin_password", "")),
        Address(
            "Flower",
            f"http://127.0.0.1:{settings.PORT + 1}/",
            "admin",
            shown.get("flower_password", ""),
        ),
    ]


class Hub:
    """Everything that `manage.py up` runs; leaving the block stops it all."""

    def __init__(self, *, say: Callable[[str], None], signals: StopSignals) -> None:
        self.say = say
        self._lock = HomeLock(settings.HOME)
        self._watch = HealthWatch(programs.read_health)
        self._supervisor = Supervisor(
            log_folder=settings.HOME / "log",
            say=say,
            is_stopping=signals.is_stopping,
            is_hurried=signals.is_hurried,
        )

    def __enter__(self) -> "Hub":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything in order, or raise with one sentence that says what to mend."""
        try:
            self._start()
        except OSError as error:
            where = error.filename or settings.HOME
            raise HubError(
                f"{where}: {error.strerror or error}; "
                "free some space, or set GENHUB_HOME to a folder that can be written"
            ) from error

    def stop(self) -> None:
        """Stop everything in reverse order and let the next hub in."""
        self._watch.end()
        self._supervisor.stop()
        self._lock.release()

    def tend(self) -> None:
        """Restart what died and say what health complains of; raises StopAsked when somebody asked to stop."""
        self._supervisor.tend()
        for line in self._watch.news():
            self.say(line)

    def run(self) -> None:
        """Tend the children until somebody asks to stop."""
        while True:
            self.tend()
            time.sleep(TEND_SECONDS)

    def _start(self) -> None:
        if not hasattr(settings, "RUN_FOLDER"):
            raise HubError("DJANGO_SETTINGS_MODULE must be genhub.settings.embedded, or unset")
        home, began = settings.HOME, time.monotonic()
        self._lock.take(say=self.say, pause=self._supervisor.pause)
        url = web_url()
        self._lock.announce(url=url, is_ready=False)
        self._supervisor.kept_fds = self._lock.kept_fds
        check_port(settings.HOST, settings.PORT, purpose="the web server")
        check_port("127.0.0.1", settings.PORT + 1, purpose="Flower")
        check_room(home)
        self.say(f"GenHub starts in {home}")
        if not is_loopback(settings.HOST):
            self.say(
                f"! {settings.HOST} is reached from other machines, and this server speaks plain HTTP: passwords and keys "
                "can be read on the way. Put a server with TLS in front (deploy/README.md) and leave GENHUB_HOST unset, "
                "or keep to a network that you trust"
            )
        if not settings.BROKER_IS_EMBEDDED and (fault := find_broker_fault()):
            raise HubError(fault)
        make_private(home / "log")
        local_worker = programs.local_worker()
        # Most of its start is the import of torch, which needs no database.
        self._supervisor.start_ahead(local_worker)
        self._start_servers()
        others = [
            # Before the web, which passes streams on to it.
            programs.events(),
            programs.web(),
            programs.other_worker(),
            programs.loops(),
        ]
        self._supervisor.start_ahead(*others)
        self._supervisor.run_once(programs.prepare())
        self._supervisor.start(*others, local_worker)
        # It only looks on, and is there a few seconds later: no first picture waits for it.
        self._supervisor.begin(programs.flower())
        # The pings opened connections that an idle launcher must not keep.
        pools.reset()
        self._watch.begin()
        for line in self._watch.news():
            self.say(line)
        self._lock.announce(url=url, is_ready=True)
        self.say(f"GenHub is ready after {time.monotonic() - began:.1f} s")

    def _start_servers(self) -> None:
        servers = []
        make_private(settings.RUN_FOLDER)
        if settings.DATABASE_IS_EMBEDDED:
            servers.append(postgres(settings.HOME, settings.RUN_FOLDER))
        if settings.BROKER_IS_EMBEDDED:
            servers.append(valkey(settings.HOME, settings.RUN_FOLDER))
        self._supervisor.start(*servers)
