"""What is shown of a clip before it plays: its poster and its preview."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage', '0010_edit_logos'),
    ]

    operations = [
        migrations.AddField(
            model_name='artifact',
            name='poster_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name='artifact',
            name='preview_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=300),
        ),
    ]
