"""Local files behind signed, expiring links, so that they behave as a private bucket does."""

from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing
from django.core.files.storage import FileSystemStorage, storages

SIGNER = signing.TimestampSigner(salt="storage.files")


class SignedFileSystemStorage(FileSystemStorage):
    """Files outside the web root; `url` returns a link that works for SIGNED_LINK_SECONDS."""

    def url(self, name: str | None) -> str:
        """Return a signed link to the file."""
        return f"{settings.PUBLIC_URL}/files/{quote(name or '')}?" + urlencode(
            {"signature": SIGNER.sign(name or "").removeprefix(f"{name}:")}
        )


def is_signed(name: str, signature: str) -> bool:
    """Return whether a link's signature is ours and young enough."""
    try:
        # Compared, since the signature's part could bring the end of a longer name along.
        return name == SIGNER.unsign(f"{name}:{signature}", max_age=settings.SIGNED_LINK_SECONDS)
    except signing.BadSignature:
        return False


def local_storage() -> SignedFileSystemStorage | None:
    """Return the store when pictures lie on this machine, None when they lie in a bucket."""
    store = storages["default"]
    return store if isinstance(store, SignedFileSystemStorage) else None
