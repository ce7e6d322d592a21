"""Whether the users of a platform get each other's pictures."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0009_browser_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='platform',
            name='shares_results',
            field=models.BooleanField(db_default=False, default=False, help_text="Users get each other's pictures where their orders are the same. Off: each only their own.", verbose_name='shares results'),
        ),
    ]
