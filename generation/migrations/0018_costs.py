"""What orders cost: prices by size, quality or tokens, the most that an order may cost, and who may see it."""

import generation.models.offer
from django.db import migrations, models


# Attempts that ended before they had a cost of their own: the one that delivered cost what its task did, and what never
# left for a vendor cost nothing. What a vendor may have billed stays unknown.
KNOWN_BEFORE = """
UPDATE generation_attempt a
   SET cost_usd = CASE WHEN a.state = 'succeeded' THEN t.cost_usd ELSE 0 END
  FROM generation_task t
 WHERE t.id = a.task_id AND a.ended_at IS NOT NULL AND a.cost_usd IS NULL
   AND (a.state = 'succeeded' OR a.sending_at IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0017_base_url'),
    ]

    operations = [
        migrations.CreateModel(
            name='Costs',
            fields=[
            ],
            options={
                'verbose_name': 'cost',
                'verbose_name_plural': 'costs',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('generation.attempt',),
        ),
        migrations.AddField(
            model_name='attempt',
            name='dearest_usd',
            field=models.DecimalField(decimal_places=6, editable=False, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name='offer',
            name='prices',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='They come before the cost per picture; the handbook says how they are written.', validators=[generation.models.offer.validate_prices], verbose_name='prices by size, quality or tokens'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='attempt_by_end'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('cost_usd__gt', 0)), fields=['account', 'ended_at'], include=('cost_usd',), name='attempt_spent'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('ended_at', None), ('sending_at__isnull', False)), fields=['account'], include=('dearest_usd',), name='attempt_spending'),
        ),
        migrations.RunSQL(KNOWN_BEFORE, migrations.RunSQL.noop),
    ]
