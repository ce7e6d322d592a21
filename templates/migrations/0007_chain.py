"""Templates of several steps: each makes one more picture or clip, of what steps before it made."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('templates', '0006_operations'),
    ]

    operations = [
        migrations.AddField(
            model_name='templateversion',
            name='chain',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='Each makes one more picture or clip, of what steps before it made.', verbose_name='further steps'),
        ),
    ]
