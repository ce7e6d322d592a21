from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0025_queue'),
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='request_id',
            field=models.CharField(blank=True, db_default='', max_length=128, verbose_name='request'),
        ),
    ]
