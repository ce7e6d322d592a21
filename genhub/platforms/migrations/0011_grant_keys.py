"""Grants take an Idempotency-Key as every create does."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0010_cache'),
    ]

    operations = [
        migrations.AlterField(
            model_name='idempotencykey',
            name='scope',
            field=models.CharField(choices=[('order', 'Order'), ('upload', 'Upload'), ('endpoint', 'Endpoint'), ('token', 'Token'), ('grant', 'Grant')], max_length=10),
        ),
    ]
