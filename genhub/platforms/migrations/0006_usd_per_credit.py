"""What a platform pays for a credit, to tell the margin."""

import django.core.validators
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('platforms', '0005_local_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='platform',
            name='usd_per_credit',
            field=models.DecimalField(blank=True, decimal_places=6, help_text='What it pays you for one, to tell your margin. Empty: not known.', max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='US dollars a credit'),
        ),
    ]
