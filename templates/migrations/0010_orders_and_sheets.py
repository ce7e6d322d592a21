"""Each version says how strictly its orders are judged, and who may order it; a style has a sheet that shows it."""

from django.db import migrations, models

import genhub.platforms.policies


class Migration(migrations.Migration):
    dependencies = [("templates", "0009_note")]
    operations = [
        migrations.AddField(
            "templateversion",
            "moderation",
            models.CharField(
                blank=True,
                choices=[
                    ("", "as the platform says"),
                    ("flag", "flag: made and delivered, and shown to staff"),
                    ("block", "block: prompts are refused, pictures are withheld"),
                ],
                db_default="",
                default="",
                help_text="How strictly its orders are judged. Where the platform's own policy is stricter, that one counts.",
                max_length=10,
                verbose_name="moderation",
            ),
        ),
        migrations.AddField(
            "templateversion",
            "platforms",
            models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Others neither see it nor can order it: to them it does not exist. None: every platform may.",
                validators=[genhub.platforms.policies.validate_codes],
                verbose_name="who may order it",
            ),
        ),
        migrations.AddField(
            "style", "sheet", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, editable=False)
        ),
    ]
