"""Rows get the names of what they are: an account at a vendor, and what it offers. Tables and columns keep theirs, and
staff keep their rights."""

import django.db.models.deletion
from django.db import migrations, models

RIGHTS = (("provider", "account"), ("providermodel", "offer"))


def keep_rights(apps, schema_editor, names=RIGHTS):
    """Give the rights to the old names on to the new ones: users and groups hold the same rows as before."""
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="generation")
    for old, new in names:
        for act in ("add", "change", "delete", "view"):
            permissions.filter(codename=f"{act}_{new}").delete()
            permissions.filter(codename=f"{act}_{old}").update(codename=f"{act}_{new}")


def give_rights_back(apps, schema_editor):
    keep_rights(apps, schema_editor, [(new, old) for old, new in RIGHTS])


def account_of(related_name, column="provider_id"):
    return models.ForeignKey(
        db_column=column, on_delete=django.db.models.deletion.PROTECT, related_name=related_name,
        to="generation.account", verbose_name="provider",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0011_output_params"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelTable("provider", "generation_provider"),
        migrations.AlterModelTable("providermodel", "generation_providermodel"),
        migrations.RenameModel("Provider", "Account"),
        migrations.RenameModel("ProviderModel", "Offer"),
        migrations.AlterField("attempt", "provider", account_of("+")),
        migrations.AlterField("offer", "provider", account_of("models")),
        migrations.AlterModelOptions(
            "offer", {"ordering": ("alias",), "verbose_name": "model", "verbose_name_plural": "models"}
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveConstraint("offer", "model_of_provider")]
        ),
        migrations.RenameField("attempt", "provider", "account"),
        migrations.RenameField("offer", "provider", "account"),
        migrations.AlterField("offer", "account", account_of("offers")),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    "offer", models.UniqueConstraint(fields=("account", "alias"), name="model_of_provider")
                )
            ]
        ),
        migrations.AlterModelOptions(
            "offer",
            {"ordering": ("account", "alias"), "verbose_name": "model", "verbose_name_plural": "models"},
        ),
        migrations.RunPython(keep_rights, give_rights_back),
    ]
