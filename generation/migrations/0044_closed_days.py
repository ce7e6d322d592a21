"""Days that are over are added up, and opened again in the transaction that changes one of their rows."""

import django.db.models.deletion
import genhub.lib.ids
from django.db import migrations, models

# What is younger is in no closed day, see GRACE in generation/closing.py. A day has 25 hours at the most.
REOPEN = """
CREATE FUNCTION generation_reopen_days(moments timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever marks a day holds this alone for a moment: the mark is seen below, or this change is before it.
    LOCK TABLE generation_closedday IN ROW EXCLUSIVE MODE;
    UPDATE generation_closedday SET mark = NULL, closed_at = NULL
     WHERE id IN (SELECT d.id FROM unnest(moments) m
                    JOIN generation_closedday d ON d.begins_at > m - interval '26 hours' AND d.begins_at <= m AND m < d.ends_at
                   WHERE d.mark IS NOT NULL)
       AND mark IS NOT NULL;
END $$;

-- Tasks count on the day that their ids tell, attempts on the day on which they ended.
CREATE FUNCTION generation_reopen_days_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM generation_reopen_days(
        ARRAY[to_timestamp(('x' || left(replace(NEW.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)]);
    IF (OLD.model, OLD.step, OLD.platform_id) IS DISTINCT FROM (NEW.model, NEW.step, NEW.platform_id) THEN
        PERFORM generation_reopen_days(ARRAY(SELECT ended_at FROM generation_attempt WHERE task_id = NEW.id));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION generation_reopen_days_of_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM generation_reopen_days(ARRAY[OLD.ended_at, NEW.ended_at]);
    RETURN NULL;
END $$;

CREATE FUNCTION generation_reopen_days_of_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM generation_reopen_days(
        ARRAY(SELECT ended_at FROM generation_attempt WHERE task_id = NEW.reference AND state = 'succeeded'));
    RETURN NULL;
END $$;
"""

UNDO = """
DROP FUNCTION generation_reopen_days_of_task(), generation_reopen_days_of_attempt(), generation_reopen_days_of_hold();
DROP FUNCTION generation_reopen_days(timestamptz[]);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('credits', '0009_grant_requests'),
        ('generation', '0043_bulk_cancels'),
        ('platforms', '0017_brand'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedDay',
            fields=[
                ('id', models.UUIDField(default=genhub.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('zone', models.CharField(editable=False, max_length=64)),
                ('day', models.DateField(editable=False)),
                ('begins_at', models.DateTimeField(editable=False)),
                ('ends_at', models.DateTimeField(editable=False)),
                ('mark', models.UUIDField(editable=False, null=True)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('captured', models.BigIntegerField(db_default=0, editable=False)),
                ('refunded', models.BigIntegerField(db_default=0, editable=False)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['begins_at'], name='closed_day_by_time')],
                'constraints': [models.UniqueConstraint(fields=('zone', 'day'), name='closed_day_once'), models.CheckConstraint(condition=models.Q(('closed_at', None), ('mark__isnull', False), _connector='OR'), name='closed_day_by_its_mark')],
            },
        ),
        migrations.CreateModel(
            name='DayCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(editable=False, max_length=200)),
                ('attempts', models.BigIntegerField(editable=False)),
                ('pictures', models.BigIntegerField(editable=False)),
                ('known_usd', models.DecimalField(decimal_places=6, editable=False, max_digits=20, null=True)),
                ('known_pictures', models.BigIntegerField(editable=False)),
                ('unknown', models.BigIntegerField(editable=False)),
                ('given_up_usd', models.DecimalField(decimal_places=6, editable=False, max_digits=20)),
                ('credits', models.BigIntegerField(editable=False)),
                ('account', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.account')),
                ('closed_day', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.closedday')),
                ('platform', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='platforms.platform')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('closed_day', 'account', 'platform', 'model'), name='day_cost_once')],
            },
        ),
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(editable=False, max_length=20)),
                ('name', models.CharField(editable=False, max_length=200)),
                ('tasks', models.BigIntegerField(editable=False)),
                ('completed', models.BigIntegerField(editable=False)),
                ('judged', models.BigIntegerField(editable=False)),
                ('cost_usd', models.DecimalField(decimal_places=6, editable=False, max_digits=20, null=True)),
                ('closed_day', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.closedday')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('closed_day', 'way', 'name'), name='day_count_once')],
            },
        ),
        migrations.CreateModel(
            name='DayTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(editable=False, max_length=200)),
                ('step', models.SmallIntegerField(editable=False)),
                ('waited', models.BigIntegerField(editable=False)),
                ('worked', models.BigIntegerField(editable=False)),
                ('closed_day', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.closedday')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('closed_day', 'model', 'step'), name='day_time_once')],
            },
        ),
        migrations.RunSQL(REOPEN, UNDO),
    ]
