"""Accounts of the vendors that the environment names, with their keys and models."""

from dataclasses import replace

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from generation.accounts.list_prices import suggest_prices
from generation.accounts.seed import refresh
from generation.accounts.vendors import VENDORS, Vendor
from generation.models import Account, AccountKey, Offer
from generation.models.offer import columns_of
from generation.providers.registry import ADAPTERS
from generation.spec import ModelCard
from genhub.lib.sealing import NotSealable
from genhub.settings.vendors import Named

# What staff change of one of these, they change of it alone.
APART = (
    ("is_enabled",), ("usd_per_picture",), ("prices",), ("vendor_model",), ("options",), ("unsupported",),
    ("most_references",),
)  # fmt: skip


def seed_vendors() -> list[str]:
    """Create the account of each vendor that the environment names, add the keys that it lacks, and refresh what nobody
    has changed of its models since they were seeded; return what could not be done, in words.

    What staff changed stays: address, limits, switches and prices are written once. A key that staff deleted comes back
    while the environment names it: it is switched off instead, or taken out there, too.
    """
    complaints = []
    for vendor in VENDORS:
        named = settings.VENDORS.get(vendor.alias)
        # A release may know a vendor's models before its adapter.
        if named is None or not named.is_there or vendor.adapter not in ADAPTERS:
            continue
        try:
            seed_vendor(vendor, named)
        except (NotSealable, ImproperlyConfigured) as error:
            complaints.append(f"{named.variable} is set, but its key cannot be kept: {error}")
    return complaints


@transaction.atomic
def seed_vendor(vendor: Vendor, named: Named) -> None:
    """Create or complete one vendor's account; raise NotSealable, and leave nothing, where its keys cannot be kept."""
    account, _ = Account.objects.get_or_create(
        alias=vendor.alias,
        defaults={
            "adapter": vendor.adapter,
            "queue": "remote",
            "base_url": named.base_url or vendor.base_url,
            "standby_rank": vendor.standby_rank,
            "options": dict(vendor.options),
        },
    )
    # An account of this name that staff made for something else is theirs.
    if account.adapter != vendor.adapter:
        return
    known = {key.secret() for key in account.keys.all()}
    for secret in named.keys:
        if secret not in known:
            key = AccountKey(account=account, name=named.variable)
            key.keep(secret)
            key.save()
            known.add(secret)
    for card in vendor.cards:
        seed_offer(account, card)


def seed_offer(account: Account, card: ModelCard) -> None:
    """Create a model of a vendor, or refresh each part of it that still is as it was seeded."""
    prices = suggest_prices(account.adapter, card.vendor_model or card.alias)
    card = replace(card, prices=tuple(prices))
    row = Offer.objects.filter(account=account, alias=card.alias).first()
    row = row or Offer(account=account, alias=card.alias)
    values = columns_of(card) | {"is_enabled": True}
    found = columns_of(row.card()) | {"is_enabled": row.is_enabled}
    writes, row.seeded = refresh(values, found, row.seeded, APART)
    for name, value in writes.items():
        setattr(row, name, value)
    row.save()
