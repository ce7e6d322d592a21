"""Vendors: where accounts live, their sealed keys, what they may be given and how they stand; what an attempt cost."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import generation.states
from django.db import migrations, models


# Whether an account may be given an order for a model now, as far as rows say it. After failures in a row
# (generation.accounts.standing.MOST_FAILURES) one order at a time goes there.
TAKES_ORDERS = """
CREATE FUNCTION generation_takes_orders(wanted_account bigint, wanted_alias text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    most int;
BEGIN
    SELECT CASE WHEN p.failures >= 5 THEN 1 ELSE p.concurrency END
      INTO most
      FROM generation_provider p
      JOIN generation_providermodel m ON m.provider_id = p.id AND m.alias = wanted_alias
     WHERE p.id = wanted_account AND p.is_enabled AND m.is_enabled
       AND (p.resting_until IS NULL OR p.resting_until <= statement_timestamp())
       AND (p.next_slot_at IS NULL OR p.next_slot_at <= statement_timestamp());
    IF NOT FOUND THEN RETURN false; END IF;
    IF most IS NULL THEN RETURN true; END IF;
    RETURN most > (SELECT count(*) FROM generation_attempt r
                    WHERE r.provider_id = wanted_account AND r.state IN ('running', 'waiting'));
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0015_local_weights'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='answer_seconds',
            field=models.FloatField(db_default=300.0, default=300, help_text='For a whole answer; a picture of high quality may take minutes.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1800)], verbose_name='seconds to answer'),
        ),
        migrations.AddField(
            model_name='account',
            name='base_url',
            field=models.CharField(blank=True, db_default='', help_text="Where the vendor's API begins. Empty: the vendor's usual address.", max_length=500, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])], verbose_name='base address'),
        ),
        migrations.AddField(
            model_name='account',
            name='concurrency',
            field=models.PositiveIntegerField(blank=True, help_text='Orders at work there at a time, over all workers. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='at a time'),
        ),
        migrations.AddField(
            model_name='account',
            name='connect_seconds',
            field=models.FloatField(db_default=5.0, default=5, validators=[django.core.validators.MinValueValidator(0.1), django.core.validators.MaxValueValidator(60)], verbose_name='seconds to connect'),
        ),
        migrations.AddField(
            model_name='account',
            name='daily_limit_usd',
            field=models.DecimalField(blank=True, decimal_places=2, help_text='US dollars, in UTC days; then it takes no orders until the next. Empty: no limit.', max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='spend limit a day'),
        ),
        migrations.AddField(
            model_name='account',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, editable=False, verbose_name='failures in a row'),
        ),
        migrations.AddField(
            model_name='account',
            name='is_in_house',
            field=models.BooleanField(db_default=False, default=False, help_text='A server of your own: orders that must stay in the house may go there.', verbose_name='in the house'),
        ),
        migrations.AddField(
            model_name='account',
            name='last_error',
            field=models.TextField(blank=True, db_default='', editable=False, verbose_name='last error'),
        ),
        migrations.AddField(
            model_name='account',
            name='last_error_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='last error at'),
        ),
        migrations.AddField(
            model_name='account',
            name='next_slot_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='options',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text="The adapter's own words, as JSON; the handbook lists them.", verbose_name='options'),
        ),
        migrations.AddField(
            model_name='account',
            name='requests_per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='Sent there in a minute, over all workers. Empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='orders a minute'),
        ),
        migrations.AddField(
            model_name='account',
            name='resting_until',
            field=models.DateTimeField(editable=False, null=True, verbose_name='rests until'),
        ),
        migrations.AddField(
            model_name='account',
            name='resting_why',
            field=models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached')], db_default='', editable=False, max_length=20, verbose_name='why it rests'),
        ),
        migrations.AddField(
            model_name='account',
            name='standby_rank',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='0: in daily use. 1, 2 …: only while all of a smaller number rest, in this order.', verbose_name='standby'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='cost_usd',
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True, verbose_name='cost in USD'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='usage',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='counted by the vendor'),
        ),
        migrations.AddField(
            model_name='offer',
            name='options',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text="The adapter's own words for this model, as JSON; the handbook lists them.", verbose_name='options'),
        ),
        migrations.AddField(
            model_name='task',
            name='local_only',
            field=models.BooleanField(db_default=False, verbose_name='stays in the house'),
        ),
        migrations.AlterField(
            model_name='account',
            name='weight',
            field=models.PositiveSmallIntegerField(default=100, help_text='Of several providers of a model, each gets its part of the orders. 0: only while no other takes any.', verbose_name='weight'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='remote_id',
            field=models.CharField(blank=True, max_length=1000, verbose_name='remote id'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('submitted', 'submitted'), ('routed', 'goes to a provider'), ('claimed', 'claimed'), ('retried', 'retried'), ('handed_back', 'handed back'), ('abandoned', 'abandoned'), ('waiting', 'waits for the provider'), ('unknown', 'may be at the provider'), ('found', 'is at the provider'), ('not_taken', 'never came to the provider'), ('cancel_told', 'the provider was told of the cancel'), ('completed', 'completed'), ('failed', 'failed'), ('canceled', 'canceled'), ('refunded', 'refunded')], max_length=20, verbose_name='kind'),
        ),
        migrations.CreateModel(
            name='AccountKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('sealed', models.TextField(editable=False)),
                ('hint', models.CharField(editable=False, max_length=4, verbose_name='ends in')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used at')),
                ('failures', models.PositiveIntegerField(db_default=0, editable=False, verbose_name='failures in a row')),
                ('resting_until', models.DateTimeField(editable=False, null=True, verbose_name='rests until')),
                ('resting_why', models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached')], db_default='', editable=False, max_length=20, verbose_name='why it rests')),
                ('last_error', models.TextField(blank=True, db_default='', editable=False, verbose_name='last error')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created at')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='generation.account', verbose_name='provider')),
            ],
            options={
                'verbose_name': 'key of a provider',
                'verbose_name_plural': 'keys of providers',
                'ordering': ('account', 'id'),
            },
        ),
        migrations.AddField(
            model_name='attempt',
            name='key',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.accountkey', verbose_name='key'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', [generation.states.AttemptState['RUNNING'], generation.states.AttemptState['WAITING']])), fields=['account'], name='attempt_at_work'),
        ),
        migrations.AddIndex(
            model_name='accountkey',
            index=models.Index(condition=models.Q(('is_enabled', True)), fields=['account', 'last_used_at'], name='key_to_use'),
        ),
        migrations.RunSQL(TAKES_ORDERS, "DROP FUNCTION generation_takes_orders(bigint, text)"),
    ]
