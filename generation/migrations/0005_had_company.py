from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0004_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='had_company',
            field=models.BooleanField(db_default=False, editable=False),
        ),
    ]
