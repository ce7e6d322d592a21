"""Tables that look like an older release's."""

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def forget_newest_migration(app: str) -> str:
    """Have the tables say that an app's newest migration is missing; return its name."""
    rows = MigrationRecorder(connection).migration_qs.filter(app=app)
    newest = str(rows.order_by("-name").values_list("name", flat=True)[0])
    rows.filter(name=newest).delete()
    return newest


def note_migration(app: str, name: str) -> None:
    """Have the tables say that a migration is there."""
    MigrationRecorder(connection).record_applied(app, name)
