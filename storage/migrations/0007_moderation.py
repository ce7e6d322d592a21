"""Since when a picture is withheld."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage', '0006_cache'),
    ]

    operations = [
        migrations.AddField(
            model_name='artifact',
            name='withheld_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
