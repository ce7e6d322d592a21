"""`manage.py make_buckets`: the buckets of a new store of one's own, such as MinIO beside the hub."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from storage.buckets import NOT_FOUND
from storage.purposes import list_buckets


class Command(HubCommand):
    """Makes what is missing; doing it again changes nothing."""

    help = "Make the buckets that the settings name, where they are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make each bucket that is not there, or say why it cannot be made."""
        for bucket in list_buckets():
            name, client = bucket.bucket_name, bucket.connection.meta.client
            try:
                if is_there(client, name):
                    self.stdout.write(f"{name}: is there")
                else:
                    client.create_bucket(Bucket=name)
                    self.stdout.write(f"{name}: made")
            except ClientError as error:
                raise CommandError(f"the bucket {name} cannot be made: {error}") from error
            except BotoCoreError as error:
                raise CommandError(f"the store does not answer: {error}") from error


def is_there(client: Any, name: str) -> bool:
    """Return whether a bucket is there for the hub's key; raise what the store refuses otherwise."""
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_FOUND:
            return False
        raise
    return True
