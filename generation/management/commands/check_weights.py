"""`manage.py check_weights`: what weights files hold of a model, and whether the engine would take them."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from generation.engine.small import WEIGHTS
from generation.models import Offer
from generation.spec import LocalModel, ModelCard
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Judge weights as the engine does before it loads them; nothing is loaded or changed."""

    help = (
        "Say what safetensors files, weights or LoRAs, hold of a model's transformer, and whether the "
        "engine would take them; exit 1 when not. Without FILE: the model's own, or its whole folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("files", metavar="FILE", nargs="*", help="of several, the later wins")
        base = parser.add_mutually_exclusive_group()
        base.add_argument("--model", metavar="ALIAS", help="a model of the local provider")
        base.add_argument(
            "--folder",
            default=str(WEIGHTS),
            help="a folder in the diffusers layout; otherwise the shipped small model",
        )
        parser.add_argument(
            "--threshold",
            type=share,
            default=settings.ADAPTER_OPTIONS["local"]["weights_threshold"],
            help="the share of the transformer's parameters that must match; otherwise the hub's own",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report; end with 0 when the files would be taken, with 1 when they are refused."""
        card = (
            find_card(options["model"])
            if options["model"]
            else ModelCard("", local=LocalModel(options["folder"]))
        )
        # By its path: a hub without the engine's libraries lists its commands, too.
        checking = import_module("generation.engine.weights.checking")
        if options["files"]:
            verdict = checking.check_files(card, options["files"], options["threshold"])
        else:
            verdict = checking.check_card(card, options["threshold"])
        if options["json"]:
            facts = {"ok": not verdict.reason, "reason": verdict.reason, **verdict.facts}
            self.stdout.write(json.dumps(facts))
        elif not verdict.reason:
            self.stdout.write(f"{verdict.text}\ntaken")
        if verdict.reason:
            self.stderr.write(f"refused: {verdict.reason}")
            sys.exit(1)


def find_card(alias: str) -> ModelCard:
    """Return a model of the local provider."""
    row = Offer.objects.filter(alias=alias, account__adapter="local").first()
    if row is None:
        raise CommandError(f"the local provider has no model {alias}")
    return row.card()


def share(text: str) -> float:
    """Return a share of 0 to 1 from the command line."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
