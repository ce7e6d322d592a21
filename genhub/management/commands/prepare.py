"""`manage.py prepare`: tables, first rows and static files brought up to date, in one process."""

import gc
import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError

from genhub.backups.taking import half_done
from genhub.embedded.broker import find_broker_fault
from genhub.embedded.database import OLDEST_POSTGRES, read_version
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Runs what must have run before the first request; doing it again changes nothing."""

    help = "Migrate, seed the first rows, collect the static files if they changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument(
            "--without-static", action="store_true", help="an image has its static files already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check that the servers answer, then bring everything up to date."""
        self._check_restored()
        self._check_database()
        self._check_broker()
        # Migrations draw each model hundreds of times; to look for garbage meanwhile takes a third of their time.
        gc.disable()
        try:
            call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
            call_command("seed", stdout=self.stdout)
            if not options["without_static"]:
                self._collect_static()
        finally:
            gc.enable()

    def _check_restored(self) -> None:
        if half_done().exists():
            raise CommandError(
                f"a restore did not end, so orders might be sent twice: drop the database, make it anew, delete "
                f"{half_done()}, and restore again"
            )

    def _check_database(self) -> None:
        try:
            version = read_version()
        except psycopg.OperationalError as error:
            raise CommandError(f"DATABASE_URL: PostgreSQL does not answer: {error}") from error
        if version < OLDEST_POSTGRES:
            raise CommandError(
                f"DATABASE_URL: PostgreSQL {OLDEST_POSTGRES} or newer is needed, this is {version}"
            )

    def _check_broker(self) -> None:
        if fault := find_broker_fault():
            raise CommandError(fault)

    def _collect_static(self) -> None:
        root = Path(settings.STATIC_ROOT)
        stamp = root / "collected"
        digest = _static_digest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        call_command("collectstatic", interactive=False, verbosity=1, stdout=self.stdout)
        stamp.write_text(digest)


def _static_digest() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = (path, storage.size(path), storage.get_modified_time(path).timestamp())
            digest.update(repr(facts).encode())
    return digest.hexdigest()
