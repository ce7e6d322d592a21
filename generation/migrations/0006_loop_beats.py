from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0005_had_company'),
    ]

    operations = [
        migrations.CreateModel(
            name='LoopBeat',
            fields=[
                ('name', models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name='name')),
                ('period_seconds', models.FloatField(verbose_name='seconds between turns')),
                ('beat_at', models.DateTimeField(verbose_name='last sign of life')),
                ('failing_since', models.DateTimeField(null=True, verbose_name='failing since')),
            ],
            options={
                'verbose_name': 'loop',
                'verbose_name_plural': 'loops',
                'ordering': ('name',),
                'default_permissions': (),
            },
        ),
    ]
