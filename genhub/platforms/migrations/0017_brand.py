"""A platform may be bound to the styles of its brand."""

from django.db import migrations, models

import genhub.platforms.policies


class Migration(migrations.Migration):
    dependencies = [("platforms", "0016_house")]
    operations = [
        migrations.AddField(
            "platform",
            "styles",
            models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Its orders wear one of these: one that names another is refused. None: any style, or none.",
                validators=[genhub.platforms.policies.validate_codes],
                verbose_name="styles of its brand",
            ),
        ),
        migrations.AddField(
            "platform",
            "usual_style",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="One of its brand's: orders that name none wear it. Empty: such orders are refused.",
                max_length=50,
                verbose_name="usual style",
            ),
        ),
    ]
