"""A customer, a vendor of clips that misbehaves, and an account there."""

import pytest

from generation.models import Account
from tests.faults.providers.conftest import _loopback_is_allowed, dora, vendor
from tests.faults.providers.vendor import Vendor
from tests.faults.video.studio import open_studio

__all__ = ["_loopback_is_allowed", "dora", "vendor"]


@pytest.fixture
def account(db: None, vendor: Vendor) -> Account:
    """An account at the vendor."""
    return open_studio(vendor)
