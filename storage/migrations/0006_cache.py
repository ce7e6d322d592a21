"""Several rows may name one file: one picture that several orders have."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage', '0005_thumbnails_later'),
    ]

    operations = [
        migrations.AlterField(
            model_name='artifact',
            name='key',
            field=models.CharField(db_index=True, max_length=300, verbose_name='key'),
        ),
    ]
