"""Rates and networks of keys, two secrets at a time, and the mark of low credits."""

import django.contrib.postgres.fields
import django.core.validators
import genhub.platforms.key_models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0007_webhooks'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='apikey',
            options={'ordering': ('-created_at',), 'permissions': [('rotate_apikey', 'Can give an API key a new secret')], 'verbose_name': 'API key', 'verbose_name_plural': 'API keys'},
        ),
        migrations.AddField(
            model_name='apikey',
            name='networks',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50, validators=[genhub.platforms.key_models.validate_network]), blank=True, db_default=[], default=list, size=100, verbose_name='allowed addresses'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='previous_hashed_key',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=150),
        ),
        migrations.AddField(
            model_name='apikey',
            name='previous_prefix',
            field=models.CharField(blank=True, editable=False, max_length=11, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='apikey',
            name='previous_until',
            field=models.DateTimeField(editable=False, null=True, verbose_name='earlier secret works until'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='reads_per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='0: any number.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='reads a minute'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='writes_per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='0: any number.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='writes a minute'),
        ),
        migrations.AddField(
            model_name='plan',
            name='reads_per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='0: any number.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='reads a minute'),
        ),
        migrations.AddField(
            model_name='plan',
            name='writes_per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='0: any number.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='writes a minute'),
        ),
        migrations.AddField(
            model_name='platform',
            name='low_credits',
            field=models.PositiveBigIntegerField(blank=True, help_text="Webhooks tell when a user's available credits fall below (credits.low). Empty: never.", null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='low credits'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('tasks:write', 'create and cancel tasks'), ('tasks:read', 'read tasks and their pictures'), ('credits:read', 'read balances and statements'), ('webhooks:manage', "manage webhooks, with a platform's key"), ('credits:grant', "grant credits, within the platform's grant rules"), ('keys:rotate', 'give itself a new secret')], max_length=30), size=None, verbose_name='scopes'),
        ),
    ]
