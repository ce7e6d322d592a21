"""Where weights lie leaves the offer for a row of its own, which only models of the local engine have; the offer says
its name at the vendor and what its vendor does not take.

The old columns stay for this release, with defaults, since the one before it may still run and reads them."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

HUB_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"
REVISION = r"^([0-9a-f]{40})?$"
OPTIONS = ["negative_prompt", "steps", "cfg_scale", "seed", "image", "mask"]
# Those of the local engine, and whatever else names a file: nothing that anybody entered is lost.
COPY = """
INSERT INTO generation_localweights (offer_id, folder, revision, weights, loras)
SELECT o.id, o.folder, o.revision, o.weights, o.loras
  FROM generation_providermodel o
  JOIN generation_provider a ON a.id = o.provider_id
 WHERE a.adapter = 'local' OR o.folder <> '' OR o.weights <> '[]' OR o.loras <> '[]'
"""
COPY_BACK = """
UPDATE generation_providermodel o
   SET folder = w.folder, revision = w.revision, weights = w.weights, loras = w.loras
  FROM generation_localweights w
 WHERE w.offer_id = o.id
"""
SET_DEFAULTS = """
ALTER TABLE generation_providermodel
    ALTER folder SET DEFAULT '', ALTER revision SET DEFAULT '',
    ALTER weights SET DEFAULT '[]', ALTER loras SET DEFAULT '[]'
"""
DROP_DEFAULTS = """
ALTER TABLE generation_providermodel
    ALTER folder DROP DEFAULT, ALTER revision DROP DEFAULT, ALTER weights DROP DEFAULT, ALTER loras DROP DEFAULT
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0014_waiting")]
    operations = [
        migrations.CreateModel(
            name="LocalWeights",
            fields=[
                ("offer", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="local", serialize=False, to="generation.offer", verbose_name="model")),
                ("folder", models.CharField(blank=True, help_text="On the workers: the whole path of a folder in the diffusers layout; or a hub id, such as Tongyi-MAI/Z-Image, which is read from the worker's own cache and never downloaded.", max_length=500, verbose_name="folder or hub id")),
                ("revision", models.CharField(blank=True, help_text="Of a hub id: the commit, 40 hexadecimal digits. A folder has none.", max_length=40, validators=[django.core.validators.RegexValidator(REVISION, "40 digits from 0 to f, in small letters.")], verbose_name="revision")),
                ("weights", models.JSONField(blank=True, default=list, verbose_name="weights")),
                ("loras", models.JSONField(blank=True, default=list, verbose_name="LoRAs")),
            ],
            options={"verbose_name": "weights of a model", "verbose_name_plural": "weights of models"},
        ),
        migrations.AddConstraint(
            "localweights", models.CheckConstraint(condition=models.Q(revision__regex=REVISION), name="model_weights_revision")
        ),
        migrations.AddConstraint(
            "localweights",
            models.CheckConstraint(
                condition=~models.Q(folder__regex=HUB_ID) | ~models.Q(revision=""), name="model_weights_pinned"
            ),
        ),
        migrations.RunSQL(COPY, COPY_BACK),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(SET_DEFAULTS, DROP_DEFAULTS)],
            state_operations=[
                # The database keeps both checks: they hold for the defaults.
                migrations.RemoveConstraint("offer", "model_revision"),
                migrations.RemoveConstraint("offer", "model_pinned"),
                migrations.RemoveField("offer", "folder"),
                migrations.RemoveField("offer", "revision"),
                migrations.RemoveField("offer", "weights"),
                migrations.RemoveField("offer", "loras"),
            ],
        ),
        migrations.AddField(
            "offer",
            "vendor_model",
            models.CharField(blank=True, db_default="", default="", help_text="What the vendor calls it. Empty: as its alias.", max_length=200, verbose_name="name at the vendor"),
        ),
        migrations.AddField(
            "offer",
            "unsupported",
            models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, verbose_name="does not take"),
        ),
        migrations.AddConstraint(
            "offer", models.CheckConstraint(condition=models.Q(unsupported__contained_by=OPTIONS), name="model_options")
        ),
    ]
