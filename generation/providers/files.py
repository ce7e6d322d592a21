"""Pictures as vendors hand them over."""

from generation.providers.base import AccountSettings, VendorFile
from generation.providers.http import file_of_base64, file_of_url


def file_of(data: str | None, url: str | None, account: AccountSettings) -> VendorFile | None:
    """Return a picture in whichever form it came: base64 is at hand, an address is one more way to lose it."""
    if data:
        return file_of_base64(data)
    return file_of_url(url, account) if url else None
