"""What becomes of what moderation objects to, and of what nobody judged."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0011_grant_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='platform',
            name='moderation',
            field=models.CharField(choices=[('off', 'off: nothing is checked'), ('flag', 'flag: made and delivered, and shown to staff'), ('block', 'block: prompts are refused, pictures are withheld')], db_default='block', default='block', help_text='By the list of terms, and by the moderation services that there are.', max_length=10, verbose_name='moderation'),
        ),
        migrations.AddField(
            model_name='platform',
            name='unjudged',
            field=models.CharField(choices=[('block', 'refuse it'), ('allow', 'take it')], db_default='block', default='block', help_text='Refused orders cost nothing; the term list is always there.', max_length=10, verbose_name='when no service answers'),
        ),
    ]
