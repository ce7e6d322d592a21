"""What must stay in the house."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0004_idempotency_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='local_only',
            field=models.BooleanField(db_default=False, default=False, help_text='Prompts and pictures never leave the house: only models of your own servers take its orders.', verbose_name='stays in the house'),
        ),
        migrations.AddField(
            model_name='platform',
            name='local_only',
            field=models.BooleanField(db_default=False, default=False, help_text='Prompts and pictures never leave the house: only models of your own servers take its orders.', verbose_name='stays in the house'),
        ),
    ]
