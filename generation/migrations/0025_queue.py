"""How long pictures take of late, how many wait in each share, and until when an order may begin and run."""

import django.db.models.deletion
import django.db.models.functions.datetime
import generation.states
from importlib import import_module

from django.db import migrations, models

COUNT_WAITING = import_module("generation.migrations.0014_waiting").COUNT_WAITING


# Counted with the attempts that wait: in pictures, by which shares take turns.
OLD = "SET waiting = s.waiting + waits - waited,"
COUNT_PICTURES = COUNT_WAITING.replace(
    OLD, OLD + " waiting_pictures = s.waiting_pictures + (waits - waited) * NEW.cost,"
)
WAITING_PICTURES = """
UPDATE generation_share s
   SET waiting_pictures = (SELECT coalesce(sum(a.cost), 0) FROM generation_attempt a
                            WHERE a.share_id = s.id AND a.state = 'queued')
 WHERE s.waiting > 0;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0024_taste'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=100)),
                ('size', models.PositiveSmallIntegerField()),
                ('steps', models.PositiveSmallIntegerField()),
                ('seconds', models.FloatField()),
                ('busy_seconds', models.FloatField()),
                ('weight', models.FloatField()),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name='attempt',
            name='run_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='share',
            name='waiting_pictures',
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name='task',
            name='expires_at',
            field=models.DateTimeField(null=True, verbose_name='expires at'),
        ),
        migrations.AddField(
            model_name='task',
            name='timeout_seconds',
            field=models.PositiveIntegerField(null=True, verbose_name='seconds to run'),
        ),
        migrations.AddField(
            model_name='worker',
            name='threads',
            field=models.PositiveSmallIntegerField(db_default=1, editable=False),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', [generation.states.AttemptState['RUNNING'], generation.states.AttemptState['WAITING']])), fields=['run_until'], name='attempt_by_run_until'),
        ),
        migrations.AddField(
            model_name='pace',
            name='account',
            field=models.ForeignKey(db_column='provider_id', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.account'),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.UniqueConstraint(fields=('account', 'model', 'size', 'steps'), name='pace_of_kind'),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0), ('seconds__gte', 0), ('weight__gt', 0)), name='pace_is_a_mean'),
        ),
        migrations.RunSQL(COUNT_PICTURES + WAITING_PICTURES, COUNT_WAITING),
    ]
