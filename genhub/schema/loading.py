"""An empty database laid out from one file: what all migrations make one after the other, in a second.

Each migration draws most models anew, so that a first start spends more time on them than on all else. Tests hold the
file to what the migrations make of an empty database.
"""

import re
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from genhub.lib import locks

TABLES: Final = Path(__file__).with_name("tables.sql")
# The file's last statement notes which migrations it stands for.
NOTED: Final = re.compile(r"^ {4}\('(\w+)', '(\w+)', now\(\)\)", re.MULTILINE)
# Of the advisory lock that whoever lays out a database holds; any number that nobody else of the hub uses.
LOCK: Final = 0x7AB1E5
IS_EMPTY: Final = """
    SELECT current_schema() = 'public'
       AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""
# As pg_dump says them: names are whole, and a function may speak of a table that comes after it.
SETTINGS: Final = """
    SELECT set_config('search_path', '', true), set_config('check_function_bodies', 'off', true)
"""


def lay_out() -> bool:
    """Fill an empty database with the file's tables, whole or not at all; return whether it did.

    Where there is a table already, tables live elsewhere than in `public`, or the file knows of a migration that the
    installed releases do not have, nothing is done: then the migrations are run.
    """
    text = TABLES.read_text("utf-8")
    # What is on disk, without a look at the database.
    if not set(NOTED.findall(text)) <= set(MigrationLoader(None).disk_migrations):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        locks.take(LOCK)
        cursor.execute(IS_EMPTY)
        [is_empty] = cursor.fetchone()
        if is_empty:
            cursor.execute(SETTINGS)
            cursor.execute(text)
    return bool(is_empty)
