"""Batches of orders, and the trigger that counts their tasks and writes their end."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import generation.states
import genhub.lib.ids
from django.db import migrations, models


# Deferred: who ends a task holds its batch last of all, when it waits for nothing else any more. So a hundred that end
# at once wait for each other at most; a claim, whose share an end may be waiting for, counts when it commits.
COUNT = """
CREATE FUNCTION generation_count_batch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    b generation_batch;
BEGIN
    -- A statement of its own, so that the next one reads the counts as whoever was waited for left them.
    SELECT * INTO b FROM generation_batch WHERE id = NEW.batch_id FOR NO KEY UPDATE;
    b.pending := b.pending + (NEW.state = 'pending')::int - (OLD.state = 'pending')::int;
    b.processing := b.processing + (NEW.state = 'processing')::int - (OLD.state = 'processing')::int;
    b.completed := b.completed + (NEW.state = 'completed')::int;
    b.failed := b.failed + (NEW.state = 'failed')::int;
    b.canceled := b.canceled + (NEW.state = 'canceled')::int;
    IF b.pending = b.total THEN
        b.state := 'pending';
    ELSIF b.pending + b.processing > 0 THEN
        b.state := 'processing';
    ELSE
        b.state := CASE WHEN b.cancel_asked_at IS NOT NULL AND b.canceled > 0 THEN 'canceled' ELSE 'completed' END;
        b.ended_at := statement_timestamp();
    END IF;
    UPDATE generation_batch
       SET pending = b.pending, processing = b.processing, completed = b.completed, failed = b.failed,
           canceled = b.canceled, state = b.state, ended_at = b.ended_at
     WHERE id = b.id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER batch_counts_its_tasks AFTER UPDATE OF state ON generation_task
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.batch_id IS NOT NULL AND NEW.state IS DISTINCT FROM OLD.state)
    EXECUTE FUNCTION generation_count_batch();
"""

UNDO = """
DROP TRIGGER batch_counts_its_tasks ON generation_task;
DROP FUNCTION generation_count_batch();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0026_lists'),
        ('platforms', '0007_webhooks'),
        ('templates', '0003_local_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='batch_index',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.UUIDField(default=genhub.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('user', models.CharField(max_length=200, verbose_name='user')),
                ('policy', models.CharField(choices=[('all', 'all or none'), ('some', 'those that can be taken')], max_length=10, verbose_name='policy')),
                ('state', models.CharField(choices=[(generation.states.BatchState['PENDING'], 'pending'), (generation.states.BatchState['PROCESSING'], 'processing'), (generation.states.BatchState['COMPLETED'], 'completed'), (generation.states.BatchState['CANCELED'], 'canceled')], default=generation.states.BatchState['PENDING'], max_length=10, verbose_name='state')),
                ('total', models.PositiveSmallIntegerField(verbose_name='tasks')),
                ('pending', models.PositiveSmallIntegerField(verbose_name='pending')),
                ('processing', models.PositiveSmallIntegerField(default=0, verbose_name='processing')),
                ('completed', models.PositiveSmallIntegerField(default=0, verbose_name='completed')),
                ('failed', models.PositiveSmallIntegerField(default=0, verbose_name='failed')),
                ('canceled', models.PositiveSmallIntegerField(default=0, verbose_name='canceled')),
                ('price', models.BigIntegerField(verbose_name='price')),
                ('refused', models.JSONField(default=list, verbose_name='refused orders')),
                ('metadata', models.JSONField(default=dict, verbose_name='metadata')),
                ('webhook', models.CharField(blank=True, max_length=2048, verbose_name='webhook')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created at')),
                ('cancel_asked_at', models.DateTimeField(null=True, verbose_name='cancel asked at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('platform', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platforms.platform', verbose_name='platform')),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
                'ordering': ('-id',),
                'permissions': [('cancel_batch', 'Can cancel batches')],
            },
        ),
        migrations.AddField(
            model_name='task',
            name='batch',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='generation.batch', verbose_name='batch'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch', '-id'], name='task_of_batch'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(fields=['platform', 'user', '-id'], name='batch_of_user'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(fields=['platform', '-id'], name='batch_of_platform'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(fields=['platform', 'state', '-id'], name='batch_by_state'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('pending'), '+', models.F('processing')), '+', models.F('completed')), '+', models.F('failed')), '+', models.F('canceled')))), name='batch_counts_add_up'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', [generation.states.BatchState['PENDING'], generation.states.BatchState['PROCESSING']])), models.Q(('ended_at__isnull', False), ('pending', 0), ('processing', 0), ('state__in', [generation.states.BatchState['COMPLETED'], generation.states.BatchState['CANCELED']])), _connector='OR'), name='batch_ended_with_its_tasks'),
        ),
        migrations.RunSQL(COUNT, UNDO),
    ]
