"""Tasks that failed for one reason are found without reading all others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Orders go on while it is built.
    atomic = False
    dependencies = [("generation", "0044_closed_days")]
    operations = [
        AddIndexConcurrently(
            "task",
            models.Index(
                condition=models.Q(("error_code__gt", "")),
                fields=["error_code", "-id"],
                name="task_by_failure",
            ),
        )
    ]
