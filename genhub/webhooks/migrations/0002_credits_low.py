"""An event of credits."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhooks', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='endpoint',
            name='events',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('task.processing', 'a task is worked on'), ('task.completed', 'a task is completed'), ('task.failed', 'a task failed'), ('task.canceled', 'a task was canceled'), ('credits.low', "a user's credits fell below the platform's mark")], max_length=30), size=None, verbose_name='events'),
        ),
    ]
