"""What must stay in the house."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('templates', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='template',
            name='local_only',
            field=models.BooleanField(db_default=False, default=False, help_text='Prompts and pictures never leave the house: only models of your own servers take its orders.', verbose_name='stays in the house'),
        ),
    ]
