"""`manage.py engine`: what operators ask of the local engine, without an order, a queue or a credit."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generation import loops
from generation.accounts import routing
from generation.models import Attempt
from generation.order import Order
from generation.orders.brought import Owner
from generation.orders.maker import Buyer, default_model
from generation.orders.resolve import resolve
from generation.providers.base import AccountSettings, DrawsBatches, Work
from generation.providers.errors import ProviderError
from generation.providers.registry import make_adapter
from generation.selectors import queue
from generation.selectors.tasks import PREFIX
from generation.work import presence
from generation.work.rerun import Again, draw_again, pixels_of
from genhub.lib.commands import HubCommand
from genhub.lib.errors import InvalidRequest, Problem
from genhub.lib.ids import NOBODY, from_wire, new_id
from genhub.platforms.models import Plan
from storage.media import encode_picture
from storage.seals import label_output

LOCAL = "local"


class Command(HubCommand):
    """Says what the engine has and does, and draws with it in this process."""

    help = "Ask the local engine: info, warm [MODEL], generate PROMPT, rerun TASK."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        words = parser.add_subparsers(dest="word", required=True)
        info = words.add_parser("info", help="card, memory, models, workers, loops and queues")
        info.add_argument("--json", action="store_true", help="one JSON object")
        warm = words.add_parser("warm", help="load a model here and draw one step: is it sound?")
        warm.add_argument("model", nargs="?", help="a model alias; the hub's default")
        make = words.add_parser("generate", help="draw one picture into a file; costs no credits")
        make.add_argument("prompt")
        make.add_argument("--negative-prompt")
        make.add_argument("--model", help="a model alias; the hub's default")
        for name in ("width", "height", "steps", "seed"):
            make.add_argument(f"--{name}", type=int, help="the model's default")
        make.add_argument("--cfg-scale", type=float, help="the model's default")
        make.add_argument("--mode", choices=["fast", "fine"])
        make.add_argument("--out", type=Path, help="file to write, without its ending: picture")
        again = words.add_parser(
            "rerun", help="draw a task's pictures again, alone, and compare; exit 1 if they differ"
        )
        again.add_argument("task", help="task_…")
        again.add_argument("--out", type=Path, help="folder for what was drawn now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the word says."""
        try:
            getattr(self, options["word"])(options)
        except InvalidRequest as problem:
            found = "; ".join(f"{error.field}: {error.message}" for error in problem.errors)
            raise CommandError(found) from problem
        except (Problem, ProviderError) as error:
            raise CommandError(str(error)) from error

    def info(self, options: dict[str, Any]) -> None:
        """Print the card, the engine's choices, the models, the workers and what waits."""
        found: dict[str, Any] = {
            "engine": make_engine().health(),
            "models": {
                alias: {
                    "folder": card.local.folder,
                    "revision": card.local.revision,
                    "weights": card.local.weights,
                    "loras": [lora.name for lora in card.loras],
                }
                for alias, card in routing.list_models().items()
                if card.local
            },
            "workers": {
                worker.name: worker.facts for worker in queue.list_live_workers(presence.GONE_AFTER)
            },
            "loops": {name: loop.said for name, loop in loops.examine().items()},
            "waiting": queue.count_waiting(),
            "running": queue.count_active()["active_tasks"],
        }
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        if "gpu" not in found["engine"]:
            self.stdout.write("card: none; the engine draws on the CPU")
        for title, facts in found.items():
            self.stdout.write(f"{title}: {'none' if facts in ({}, []) else ''}")
            for name, value in facts.items() if isinstance(facts, dict) else [("tasks", facts)]:
                self.stdout.write(f"  {name}: {value}")

    def warm(self, options: dict[str, Any]) -> None:
        """Load a model and draw one step."""
        alias = options["model"] or default_model()
        card = routing.list_models().get(alias)
        if card is None or card.local is None:
            raise CommandError(f"there is no enabled model {alias!r} here; see `engine info`")
        started = time.perf_counter()
        adapter = make_engine()
        try:
            adapter.warm(card)
        except Exception as error:
            raise CommandError(str(error)) from error
        health = adapter.health()
        self.stdout.write(
            f"{alias} draws after {time.perf_counter() - started:.1f} s, on {health['device']} in "
            f"{health['dtype']}, offload {health['offload']}: {health['offload_reason']}"
        )

    def generate(self, options: dict[str, Any]) -> None:
        """Draw one picture into a file."""
        names = ("prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale")
        words = {name: options[name] for name in (*names, "seed", "mode")}
        resolved = resolve(Order(**words), Buyer(Owner(NOBODY, ""), "", Plan()))
        started = time.perf_counter()
        finished = make_engine().submit(
            Work(resolved.spec, resolved.route.card, self.show_progress)
        )
        encoded = encode_picture(pixels_of(finished.made[0]), label_output(new_id()))
        path = (options["out"] or Path("picture")).with_suffix(encoded.extension)
        path.write_bytes(encoded.data)
        self.stderr.write("")
        self.stdout.write(
            f"{path}: seed {resolved.spec.seeds[0]}, {time.perf_counter() - started:.1f} s "
            f"{json.dumps(dict(finished.timings))}"
        )

    def rerun(self, options: dict[str, Any]) -> None:
        """Draw a task's pictures again and say how near they are to what was delivered."""
        task_id = from_wire(PREFIX, options["task"])
        try:
            found = list(draw_again(task_id, self.show_progress))
        except Attempt.DoesNotExist as error:
            raise CommandError(f"{options['task']} is no completed task") from error
        self.stderr.write("")
        for again in found:
            self.stdout.write(describe(again))
            if options["out"]:
                options["out"].mkdir(parents=True, exist_ok=True)
                encoded = encode_picture(again.image, label_output(new_id()))
                path = options["out"] / f"{again.position}{encoded.extension}"
                path.write_bytes(encoded.data)
        if not all(again.has_same_pixels for again in found):
            sys.exit(1)

    def show_progress(self, done: float, preview: object = None) -> None:
        """Show how far a picture is."""
        self.stderr.write(f"\r{done:4.0%}", ending="")


def make_engine() -> DrawsBatches:
    """Return the local engine, in this process."""
    engine = make_adapter(LOCAL, AccountSettings(LOCAL))
    assert isinstance(engine, DrawsBatches)  # noqa: S101 (it owns a device)
    return engine


def describe(again: Again) -> str:
    """Return what became of one picture, in a line."""
    if again.has_same_pixels:
        return f"picture {again.position}, seed {again.seed}: the same pixels"
    changed = [f"{name} {before} -> {now}" for name, (before, now) in again.changed.items()]
    why = f"; since then: {', '.join(changed)}" if changed else ""
    return f"picture {again.position}, seed {again.seed}: {again.psnr_db:.1f} dB from it{why}"
