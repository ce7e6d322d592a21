"""The latest orders of a version of a template are found without reading all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Orders go on while it is built.
    atomic = False
    dependencies = [("generation", "0038_queues")]
    operations = [
        AddIndexConcurrently(
            "task",
            models.Index(
                condition=models.Q(("template_version__isnull", False)),
                fields=["template_version", "-id"],
                name="task_of_version",
            ),
        )
    ]
