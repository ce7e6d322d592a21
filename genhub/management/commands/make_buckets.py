"""`manage.py make_buckets`: the buckets of a new store of one's own, such as MinIO beside the hub."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from storage.purposes import list_buckets

# The hub's key made it before; another's of the same name is a fault.
OURS = "BucketAlreadyOwnedByYou"


class Command(HubCommand):
    """Makes what is missing; doing it again changes nothing."""

    help = "Make the buckets that the settings name, where they are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make each bucket, or say why it cannot be made."""
        for bucket in list_buckets():
            name, client = bucket.bucket_name, bucket.connection.meta.client
            try:
                client.create_bucket(Bucket=name)
            except ClientError as error:
                if error.response["Error"]["Code"] != OURS:
                    raise CommandError(f"the bucket {name} cannot be made: {error}") from error
                self.stdout.write(f"{name}: is there")
            except BotoCoreError as error:
                raise CommandError(f"the store does not answer: {error}") from error
            else:
                self.stdout.write(f"{name}: made")
