"""The database's clock, which is the only one that every process shares."""

from typing import Final

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now

# As a column beside what a query reads, to be compared with in Python.
NOW: Final = ExpressionWrapper(Now(), output_field=DateTimeField())
