"""Clips: how long, how fast, and two words that no vendor of pictures takes."""

import django.core.validators
import generation.models.offer
from django.db import migrations, models
from django.db.models import Value

BEFORE = ["negative_prompt", "steps", "cfg_scale", "seed", "image", "mask", "strength"]
WORDS = ["last_image", "audio"]
# The first is asked for clips by nobody, the second takes every word.
SPARED = ["local", "stub"]


def allow(options):
    check = models.CheckConstraint(condition=models.Q(unsupported__contained_by=options), name="model_options")
    return migrations.AddConstraint("offer", check)


def refuse(apps, schema_editor):
    offers = apps.get_model("generation", "Offer").objects.exclude(account__adapter__in=SPARED)
    for offer in offers.iterator():
        # What nobody changed since it was seeded stays the seed's.
        if isinstance(offer.seeded.get("unsupported"), list):
            offer.seeded["unsupported"] += WORDS
        offer.unsupported = [*offer.unsupported, *WORDS]
        offer.save(update_fields=["unsupported", "seeded"])


def forget(apps, schema_editor):
    for offer in apps.get_model("generation", "Offer").objects.iterator():
        seeded = offer.seeded.get("unsupported")
        if isinstance(seeded, list):
            offer.seeded["unsupported"] = [name for name in seeded if name not in WORDS]
        offer.unsupported = [name for name in offer.unsupported if name not in WORDS]
        offer.save(update_fields=["unsupported", "seeded"])


class Migration(migrations.Migration):

    dependencies = [("generation", "0031_moderation")]

    operations = [
        migrations.RemoveConstraint("offer", "model_options"),
        allow([*BEFORE, *WORDS]),
        migrations.AddField(
            model_name="offer",
            name="durations",
            field=models.JSONField(blank=True, db_default=Value([], models.JSONField()), default=list, verbose_name="lengths of clips"),
        ),
        migrations.AddField(
            model_name="offer",
            name="default_seconds",
            field=models.PositiveSmallIntegerField(db_default=5, default=5, help_text="Seconds.", validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(600)], verbose_name="usual length of clips"),
        ),
        migrations.AddField(
            model_name="offer",
            name="frame_rates",
            field=models.JSONField(blank=True, db_default=Value([24], models.JSONField()), default=generation.models.offer.usual_rates, verbose_name="frames a second"),
        ),
        migrations.AlterField(
            model_name="offer",
            name="usd_per_picture",
            field=models.DecimalField(blank=True, decimal_places=6, help_text="US dollars, for a picture or a clip. Empty: not known, which is not 0.", max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000)], verbose_name="cost per picture"),
        ),
        migrations.AddField(
            model_name="account",
            name="polls_per_minute",
            field=models.PositiveIntegerField(blank=True, help_text="How often it is asked for orders that it works on, over all workers. Empty: no limit.", null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name="questions a minute"),
        ),
        migrations.AddField(
            model_name="account",
            name="next_poll_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(refuse, forget),
    ]
