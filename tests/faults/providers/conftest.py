"""A customer, a vendor that misbehaves, and an account there."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account
from tests.faults.providers.vendor import Vendor, open_account


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    with vendor.running():
        yield vendor


@pytest.fixture
def account(db: None, vendor: Vendor) -> Account:
    """An account at the vendor."""
    return open_account(vendor)


@pytest.fixture
def dora(
    right_books: None, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> APIClient:
    """A customer whose books are right at the end."""
    rich("dora", 100_000)
    return client_of("dora")
