"""The shipped roles note which rights they were given, so that those of newer releases reach them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length"), ("users", "0003_signing_in")]
    operations = [
        migrations.CreateModel(
            name="ShippedRight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="shipped_rights", to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="auth.permission")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("group", "permission"), name="shipped_right_once")],
            },
        ),
    ]
