"""A hub made again of a backup: into an empty database and home, so that nothing that is there can be lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from generation.life import restored
from genhub.backups import client_programs
from genhub.backups.taking import (
    DUMP,
    HOME_FILES,
    STORED,
    NoBackup,
    copy_files,
    copy_secret,
    half_done,
    read_manifest,
)
from genhub.embedded.lock import HomeLock
from genhub.embedded.paths import make_private
from genhub.embedded.postgres import postgres
from genhub.embedded.supervise import Supervisor
from storage.files import local_storage


def bring_back(folder: Path, *, is_moved: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill this installation's empty database and store from a backup, and return what became of what was under way.

    `is_moved`: no hub ran on since the backup was taken, so all goes on where it stood. Else what may be at a vendor is
    in doubt, and no late word of a worker from then is taken. Raises NoBackup or ToolFailed.
    """
    read_manifest(folder)
    with serving(say):
        check_empty()
        store = local_storage()
        if store and (folder / STORED).is_dir():
            say("· the files")
            copy_files(folder / STORED, Path(store.location))
        for path in sorted((folder / HOME_FILES).glob("*")):
            copy_secret(path, settings.HOME / path.name)
        say("· the database")
        # Between the two, rows say of orders that they may be sent again: `prepare` lets no hub begin so.
        half_done().touch()
        client_programs.bring_back(folder / DUMP)
        told = restored.settle(is_moved=is_moved)
        half_done().unlink()
        connection.close()
    return told


def check_empty() -> None:
    """Raise NoBackup where the database has tables: somebody's hub."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if tables:
        raise NoBackup(
            f"the database {connection.settings_dict['NAME']} has {len(tables)} tables: bring a backup back into an "
            "empty one (createdb), or set GENHUB_HOME to a new folder"
        )


@contextmanager
def serving(say: Callable[[str], None]) -> Iterator[None]:
    """Have the home's own PostgreSQL run meanwhile, where the hub has no other; raise HubError while a hub runs."""
    if not getattr(settings, "DATABASE_IS_EMBEDDED", False):
        yield
        return
    lock = HomeLock(settings.HOME)
    lock.take(say=say)
    make_private(settings.HOME / "log")
    make_private(settings.RUN_FOLDER)
    servers = Supervisor(log_folder=settings.HOME / "log", say=say)
    servers.kept_fds = lock.kept_fds
    try:
        servers.start(postgres(settings.HOME, settings.RUN_FOLDER))
        yield
    finally:
        servers.stop()
        lock.release()
