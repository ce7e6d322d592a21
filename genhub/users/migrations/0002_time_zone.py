"""Each member of staff may have a time zone."""

from django.db import migrations, models

import genhub.lib.zones


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [
        migrations.AddField(
            "user",
            "time_zone",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=64,
                validators=[genhub.lib.zones.validate_time_zone],
                verbose_name="time zone",
            ),
        )
    ]
