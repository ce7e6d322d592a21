"""Clips beside pictures: what each really is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage', '0008_edits_links_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='artifact',
            name='seconds',
            field=models.FloatField(editable=False, null=True, verbose_name='seconds'),
        ),
        migrations.AddField(
            model_name='artifact',
            name='fps',
            field=models.FloatField(editable=False, null=True, verbose_name='frames a second'),
        ),
        migrations.AddField(
            model_name='artifact',
            name='codec',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=20, verbose_name='codec'),
        ),
        migrations.AddField(
            model_name='artifact',
            name='has_audio',
            field=models.BooleanField(editable=False, null=True, verbose_name='sounds'),
        ),
    ]
