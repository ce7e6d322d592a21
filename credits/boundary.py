"""Until when the ledger is as it will ever be, for those who read on from where they stopped."""

from datetime import datetime
from typing import Final

from django.db import connection

# A transfer's time is that of its statement, never before its transaction began. So whatever cannot be seen yet will be
# younger than the oldest transaction of others that is open now; the margin is for a backend that stopped between
# reading the clock and showing its transaction, and for clocks that are set back a little.
MARGIN: Final = "10 seconds"
BOUNDARY: Final = """
    SELECT statement_timestamp(), least(statement_timestamp(), min(xact_start)) - %s::interval
      FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type <> 'autovacuum worker' AND pid <> pg_backend_pid()
"""


def read_boundary() -> tuple[datetime, datetime]:
    """Return the present, and the time before which no transfer will be added any more."""
    with connection.cursor() as cursor:
        cursor.execute(BOUNDARY, [MARGIN])
        present, boundary = cursor.fetchone()
    return present, boundary
