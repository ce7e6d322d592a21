"""What was booked of orders whose time ran out is found without reading every event of a day."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Orders go on while it is built.
    atomic = False
    dependencies = [("generation", "0041_trainings")]
    operations = [
        AddIndexConcurrently(
            "event",
            models.Index(
                condition=models.Q(("data__has_key", "exposure_usd"), ("kind", "failed")),
                fields=["created_at"],
                name="event_exposed",
            ),
        )
    ]
