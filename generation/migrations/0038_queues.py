"""Queues and providers that staff hold up, with the history of that; waiting orders in the order in which they came."""

import django.db.models.functions.datetime
import generation.states
from django.db import migrations, models

# Which accounts of a queue are given no order, or NULL: none of them is. Asked in the statement of a claim, whose
# transaction then shares a lock; who pauses has it alone, and is not waited for. A volatile function sees the rows as
# they stand when it has the lock, not as they were when the statement began.
CLOSED_ACCOUNTS = """
CREATE FUNCTION generation_closed_accounts(wanted_queue text) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(1734440037, hashtext(wanted_queue)) THEN RETURN NULL; END IF;
    IF EXISTS (SELECT 1 FROM generation_queue q WHERE q.name = wanted_queue AND q.state <> 'open') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(array_agg(p.id), '{}') FROM generation_provider p
             WHERE p.queue = wanted_queue AND p.resting_why = 'paused');
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0037_refunds_by_picture'),
    ]

    operations = [
        migrations.CreateModel(
            name='Queue',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='name')),
                ('state', models.CharField(choices=[('open', 'open'), ('paused', 'paused'), ('draining', 'draining')], default='open', max_length=10, verbose_name='state')),
                ('drained_at', models.DateTimeField(null=True, verbose_name='drained at')),
            ],
            options={
                'verbose_name': 'queue',
                'verbose_name_plural': 'queues',
                'ordering': ('name',),
                'permissions': [('steer_queue', 'Can pause queues and providers and move waiting orders')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='QueueChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=20, verbose_name='queue')),
                ('provider', models.CharField(blank=True, max_length=50, verbose_name='provider')),
                ('deed', models.CharField(choices=[('paused', 'paused'), ('draining', 'began to drain'), ('drained', 'the last order has ended'), ('resumed', 'resumed')], max_length=10, verbose_name='what')),
                ('actor', models.CharField(max_length=150, verbose_name='who')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='when')),
            ],
            options={
                'verbose_name': 'change of a queue',
                'verbose_name_plural': 'changes of queues',
                'ordering': ('-id',),
                'default_permissions': (),
            },
        ),
        migrations.AlterField(
            model_name='account',
            name='resting_why',
            field=models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached'), ('paused', 'paused by staff')], db_default='', editable=False, max_length=20, verbose_name='why it rests'),
        ),
        migrations.AlterField(
            model_name='accountkey',
            name='resting_why',
            field=models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached'), ('paused', 'paused by staff')], db_default='', editable=False, max_length=20, verbose_name='why it rests'),
        ),
        migrations.AlterField(
            model_name='describer',
            name='resting_why',
            field=models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached'), ('paused', 'paused by staff')], db_default='', editable=False, max_length=20, verbose_name='why it rests'),
        ),
        migrations.AlterField(
            model_name='moderator',
            name='resting_why',
            field=models.CharField(blank=True, choices=[('failing', 'it fails again and again'), ('no_key', 'none of its keys can be used'), ('throttled', 'too many requests'), ('no_quota', 'nothing left to pay with'), ('refused', 'the vendor refuses the key'), ('spent', 'its spend limit is reached'), ('paused', 'paused by staff')], db_default='', editable=False, max_length=20, verbose_name='why it rests'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state', generation.states.AttemptState['QUEUED'])), fields=['run_at', 'id'], name='attempt_waiting'),
        ),
        migrations.AddIndex(
            model_name='queuechange',
            index=models.Index(fields=['queue', '-id'], name='queue_change_newest'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('submitted', 'submitted'), ('routed', 'goes to a provider'), ('claimed', 'claimed'), ('retried', 'retried'), ('handed_back', 'handed back'), ('moved', 'moved in the queue'), ('abandoned', 'abandoned'), ('waiting', 'waits for the provider'), ('unknown', 'may be at the provider'), ('found', 'is at the provider'), ('late', 'came after the end'), ('not_taken', 'never came to the provider'), ('cancel_told', 'the provider was told of the cancel'), ('step_done', 'step done'), ('completed', 'completed'), ('failed', 'failed'), ('canceled', 'canceled'), ('refunded', 'refunded')], max_length=20, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='offer',
            name='broken_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='broken since'),
        ),
        migrations.CreateModel(
            name='WorkerDeath',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=100)),
                ('process', models.CharField(max_length=200)),
                ('died_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(db_column='provider_id', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.account')),
            ],
            options={
                'verbose_name': 'death of a worker',
                'verbose_name_plural': 'deaths of workers',
                'default_permissions': (),
                'indexes': [models.Index(fields=['died_at'], name='worker_death_by_age')],
            },
        ),
        migrations.RunSQL(CLOSED_ACCOUNTS, "DROP FUNCTION generation_closed_accounts(text)"),
    ]
