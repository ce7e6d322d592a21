"""What Django checks of the settings of files before anything runs."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured


def check_signing_keys(**_: Any) -> list[CheckMessage]:
    """Return what is wrong with the key pair that the settings name; the home's own is made when it is needed."""
    if not (settings.LABEL_CERTIFICATES or settings.LABEL_KEY):
        return []
    from storage.signing_keys import find_pair  # noqa: PLC0415 (not where nothing is checked)

    try:
        find_pair()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="storage.E001")]
    return []
