"""Which pictures were laid over another: where one is withheld, so is what shows it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage', '0009_clips'),
    ]

    operations = [
        migrations.AddField(
            model_name='edit',
            name='logos',
            field=models.ManyToManyField(related_name='+', to='storage.artifact'),
        ),
    ]
