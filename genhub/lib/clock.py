"""The database's clock, which is the only one that every process shares."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now

# As a column beside what a query reads, to be compared with in Python.
NOW: Final = ExpressionWrapper(Now(), output_field=DateTimeField())


def read_clock() -> datetime:
    """Return the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
