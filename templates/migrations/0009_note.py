"""Each version tells what changed in it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("templates", "0008_pictures")]
    operations = [
        migrations.AddField(
            "templateversion",
            "note",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="For staff: it stands in the list of versions and is published with the version.",
                max_length=300,
                verbose_name="what changed",
            ),
        )
    ]
