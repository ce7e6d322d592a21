"""Whether orders without a seed, too, find what was drawn before."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('templates', '0003_local_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='templateversion',
            name='caches',
            field=models.BooleanField(db_default=False, default=False, help_text='Orders that name no seed, too, get a picture that was drawn for the same parameters before.', verbose_name='uses the cache'),
        ),
    ]
