"""`manage.py issue_key`: a key for an app, shown once."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from credits import ledger
from genhub.lib.commands import HubCommand
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id
from genhub.platforms.models import ApiKey, Platform, Scope, usual_scopes

UNUSUAL = sorted(set(Scope.values) - set(usual_scopes()))


class Command(HubCommand):
    """Issue a key of a platform, made on first sight; optionally for one user, with credits."""

    help = "Issue an API key. It is shown this once and kept nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("platform", help="the platform's code; created when unknown")
        parser.add_argument("--user", default="", help="bind the key to this end user")
        parser.add_argument("--grant", type=int, default=0, help="credits to grant to --user")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help=f"what the key may do, repeatable (default: all but {', '.join(UNUSUAL)})",
        )
        parser.add_argument(
            "--local-only",
            action="store_true",
            help="its orders never leave the house: no vendor gets prompt or picture",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue the key, or say in one sentence why not."""
        user, credits_granted = options["user"], options["grant"]
        if credits_granted and not user:
            raise CommandError("--grant needs --user: credits belong to a user's purse")
        try:
            with transaction.atomic():
                platform, _ = Platform.objects.get_or_create(
                    code=options["platform"], defaults={"name": options["platform"]}
                )
                _, key = ApiKey.objects.issue(
                    platform,
                    name=user or "command line",
                    user=user,
                    scopes=options["scope"] or usual_scopes(),
                    local_only=options["local_only"],
                )
                if credits_granted:
                    purse = ledger.open_purse(platform.pk, user)
                    why = ledger.Why("command line", "granted with the key")
                    ledger.grant(purse.pk, credits_granted, key=f"key:{new_id()}", why=why)
        except Problem as error:
            raise CommandError(str(error)) from error
        answer = {"platform": platform.code, "user": user or None, "key": key}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        sys.stderr.write("This key is shown once:\n")
        self.stdout.write(key)
