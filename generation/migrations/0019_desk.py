"""The desk: what was heard of failed orders, where lost ones are looked for, and what came too late."""

import django.db.models.deletion
import generation.states
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0018_costs'),
        ('storage', '0004_unused_uploads'),
    ]

    operations = [
        migrations.CreateModel(
            name='LateOutput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
            ],
            options={
                'verbose_name': 'late picture',
                'verbose_name_plural': 'late pictures',
                'ordering': ('attempt', 'position'),
            },
        ),
        migrations.CreateModel(
            name='DeskEntry',
            fields=[
            ],
            options={
                'verbose_name': 'order in doubt',
                'verbose_name_plural': 'orders in doubt',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('generation.attempt',),
        ),
        migrations.AddField(
            model_name='attempt',
            name='evidence',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='attempt',
            name='late_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='came too late at'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='look_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='attempt',
            name='looks',
            field=models.PositiveSmallIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name='attempt',
            name='suggested',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, editable=False),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('submitted', 'submitted'), ('routed', 'goes to a provider'), ('claimed', 'claimed'), ('retried', 'retried'), ('handed_back', 'handed back'), ('abandoned', 'abandoned'), ('waiting', 'waits for the provider'), ('unknown', 'may be at the provider'), ('found', 'is at the provider'), ('late', 'came after the end'), ('not_taken', 'never came to the provider'), ('cancel_told', 'the provider was told of the cancel'), ('completed', 'completed'), ('failed', 'failed'), ('canceled', 'canceled'), ('refunded', 'refunded')], max_length=20, verbose_name='kind'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state', generation.states.AttemptState['UNKNOWN'])), fields=['look_at'], name='attempt_to_look_for'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('late_at__isnull', False)), fields=['late_at'], name='attempt_late'),
        ),
        migrations.AddField(
            model_name='lateoutput',
            name='artifact',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='late_output', to='storage.artifact', verbose_name='artifact'),
        ),
        migrations.AddField(
            model_name='lateoutput',
            name='attempt',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='late_outputs', to='generation.attempt', verbose_name='attempt'),
        ),
        migrations.AddConstraint(
            model_name='lateoutput',
            constraint=models.UniqueConstraint(fields=('attempt', 'position'), name='late_output_position'),
        ),
    ]
