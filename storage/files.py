"""Local files behind signed, expiring links, so that they behave as a private bucket does."""

from datetime import timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.core.signing import TimestampSigner

from storage.signatures import is_signature, signature_of

SIGNER = TimestampSigner(salt="storage.files")


class SignedFileSystemStorage(FileSystemStorage):
    """Files outside the web root; `url` returns a link that works for SIGNED_LINK_SECONDS."""

    def url(self, name: str | None, disposition: str = "") -> str:
        """Return a signed link to the file, which is served with this Content-Disposition."""
        words = {"signature": signature_of(SIGNER, what_is_signed(name or "", disposition))}
        if disposition:
            words["disposition"] = disposition
        return f"{settings.PUBLIC_URL}/files/{quote(name or '')}?{urlencode(words)}"


def what_is_signed(name: str, disposition: str) -> str:
    """Return what a link's signature is of: no name holds a line break."""
    return f"{name}\n{disposition}" if disposition else name


def is_signed(name: str, signature: str, disposition: str = "") -> bool:
    """Return whether a link's signature is ours and young enough."""
    most = timedelta(seconds=settings.SIGNED_LINK_SECONDS)
    return is_signature(SIGNER, what_is_signed(name, disposition), signature, most)


def local_storage() -> SignedFileSystemStorage | None:
    """Return the store when pictures lie on this machine, None when they lie in a bucket."""
    store = storages["default"]
    return store if isinstance(store, SignedFileSystemStorage) else None
