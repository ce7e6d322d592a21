"""`manage.py move_files`: every file into the bucket where it belongs now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from storage.moving import move_all
from storage.purposes import list_buckets, open_bucket


class Command(HubCommand):
    """Move what lies in another bucket than it belongs in; the hub works meanwhile, and finds what is not moved yet."""

    help = "Move files to the buckets that the settings name for them; may be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument(
            "--from", dest="source", help="a bucket to empty into those of the settings (default: each of these)"
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="say what would be moved")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move, and print what was done in each bucket."""
        buckets = list_buckets()
        if not buckets:
            raise CommandError("files lie on this machine: S3_BUCKET is not set")
        if options["source"]:
            buckets = [open_bucket(options["source"])]
        for bucket in buckets:
            moved = move_all(bucket, is_dry=options["dry_run"])
            self.stdout.write(
                f"{bucket.bucket_name}: {moved.files} files ({moved.size_bytes} bytes) moved, "
                f"{moved.stayed} belong there, {moved.young} may be under way: look again in two hours"
            )
