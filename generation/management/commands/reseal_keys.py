"""`manage.py reseal_keys`: what is sealed, sealed anew by the newest of ENCRYPTION_KEYS; an older one may go then."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from generation.models import AccountKey, Describer, Moderator
from genhub.lib.commands import HubCommand
from genhub.lib.sealing import NotSealable, reseal
from genhub.users.models import SecondStep
from genhub.webhooks.endpoints import reseal_secrets
from genhub.webhooks.models import Endpoint


class Command(HubCommand):
    """Reseal keys of vendors and phones and secrets of webhooks one by one; run again, it goes on where it stopped."""

    help = (
        "Seal the keys of providers, moderation services, vision models and staff's phones, and the secrets of webhooks, anew by the first of ENCRYPTION_KEYS. Put a new one in "
        "front, start the hub anew, run this, take the old one away, start the hub anew. Exit 1 when some cannot be opened; they stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reseal what can be opened, and name what cannot."""
        resealed, closed = 0, []
        for model in (AccountKey, Moderator, Describer, SecondStep):
            for pk in model.objects.exclude(sealed="").order_by("pk").values_list("pk", flat=True):
                try:
                    resealed += reseal_one(model, pk)
                except NotSealable as error:
                    closed.append(f"{model.objects.get(pk=pk)}: {error}")
        for endpoint in Endpoint.objects.filter(removed_at=None).order_by("pk"):
            try:
                resealed += reseal_secrets(endpoint.pk)
            except NotSealable as error:
                closed.append(f"{endpoint}: {error}")
        if options["json"]:
            self.stdout.write(json.dumps({"resealed": resealed, "closed": closed}))
        else:
            self.stdout.write(f"{resealed} keys sealed anew")
        if closed:
            raise CommandError(
                "these are written anew in the admin, second steps reset there: "
                + "; ".join(closed)
            )


@transaction.atomic
def reseal_one(model: type[AccountKey | Moderator | Describer | SecondStep], pk: int) -> int:
    """Seal one key anew; return 0 when it is gone; raise NotSealable when none of the hub's own opens it."""
    # Somebody may replace it meanwhile in the admin: the newer one must stay.
    key = model.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if key is None:
        return 0
    key.sealed = reseal(key.sealed)
    key.save(update_fields=["sealed"])
    return 1
