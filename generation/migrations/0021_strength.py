"""How much of an input picture is drawn anew: a word that a model may not take, and which ones do not."""

from django.db import migrations, models

BEFORE = ["negative_prompt", "steps", "cfg_scale", "seed", "image", "mask"]
WORD = "strength"
# Of the vendors that there are: those that have no word for it, and those whose offers bring their own.
NEVER = {"ark", "bfl", "dashscope", "midjourney"}
BY_WORDS = {"aihubmix", "fal", "openai", "replicate"}


def allow(options):
    check = models.CheckConstraint(condition=models.Q(unsupported__contained_by=options), name="model_options")
    return migrations.AddConstraint("offer", check)


def takes(offer):
    account = offer.account
    if account.adapter in NEVER:
        return False
    if account.adapter in BY_WORDS:
        options = account.options if account.adapter == "openai" else offer.options
        words = options.get("words") if isinstance(options, dict) else None
        return bool(isinstance(words, dict) and words.get(WORD))
    if account.adapter == "stability":
        # Of a picture with a mask all that it shows is drawn anew.
        return "image" not in offer.unsupported and "mask" in offer.unsupported
    return True


def refuse(apps, schema_editor):
    offers = apps.get_model("generation", "Offer").objects.select_related("account")
    for offer in offers.iterator():
        if takes(offer):
            continue
        # What nobody changed since it was seeded stays the seed's.
        if isinstance(offer.seeded.get("unsupported"), list):
            offer.seeded["unsupported"].append(WORD)
        offer.unsupported = [*offer.unsupported, WORD]
        offer.save(update_fields=["unsupported", "seeded"])


def forget(apps, schema_editor):
    offers = apps.get_model("generation", "Offer").objects
    for offer in offers.filter(unsupported__contains=[WORD]).iterator():
        seeded = offer.seeded.get("unsupported")
        if isinstance(seeded, list):
            offer.seeded["unsupported"] = [name for name in seeded if name != WORD]
        offer.unsupported = [name for name in offer.unsupported if name != WORD]
        offer.save(update_fields=["unsupported", "seeded"])


class Migration(migrations.Migration):

    dependencies = [("generation", "0020_follows")]

    operations = [
        migrations.RemoveConstraint("offer", "model_options"),
        allow([*BEFORE, WORD]),
        migrations.RunPython(refuse, forget),
    ]
