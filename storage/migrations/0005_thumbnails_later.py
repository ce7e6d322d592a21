from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("storage", "0004_unused_uploads")]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="has_thumbnail",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
    ]
