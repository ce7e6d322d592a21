"""Pictures that were drawn before are found again, and of orders for the same one is drawn."""

import django.db.models.deletion
import generation.states
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0027_batches'),
        ('platforms', '0010_cache'),
        ('templates', '0004_cache'),
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='cache_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=90),
        ),
        migrations.AddField(
            model_name='task',
            name='cached_from',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.task', verbose_name='from the cache'),
        ),
        migrations.AddField(
            model_name='task',
            name='cached_unit_price',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='task',
            name='leads',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=90),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('cache_key__gt', ''), ('cached_from', None), ('state', generation.states.TaskState['COMPLETED'])), fields=['cache_key', '-id'], name='task_drawn_by_key'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('cache_key__gt', ''), ('state__in', [generation.states.TaskState['PENDING'], generation.states.TaskState['PROCESSING']])), fields=['cache_key'], name='task_live_by_key'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(condition=models.Q(('leads__gt', ''), ('state__in', [generation.states.TaskState['PENDING'], generation.states.TaskState['PROCESSING']])), fields=('leads',), name='task_leads_alone'),
        ),
    ]
