"""Take an edit: the picture is drawn while its caller waits; one transaction pays and writes the rows.

Nothing is held while it is drawn: who dies at it leaves files without a row, which a sweep finds, and no credits.
"""

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from credits import ledger, pricing
from credits.errors import UserStopped
from credits.selectors import find_balance
from generation.orders.customer import Customer
from generation.orders.resolved import price_item
from generation.orders.submit import check_quota, terms_of
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import new_id
from genhub.platforms import idempotency
from storage.content import StoredFile
from storage.edits import editing
from storage.edits.editing import Wanted
from storage.uploads import delete_unless_recorded, find_earlier

if TYPE_CHECKING:
    from storage.models import Artifact


@dataclass(frozen=True)
class Priced:
    """An edit that can be done, and what it costs."""

    plan: editing.Plan
    quote: pricing.Quote


def edit_picture(
    customer: Customer, parent: "Artifact", wanted: Wanted, *, idempotency_key: str = ""
) -> "Artifact":
    """Return the edited picture, new and paid for, or what the same key and words made before.

    Raises InvalidRequest, UploadsBusy, NotFound when a picture is deleted meanwhile, IdempotencyKeyReused or what the
    ledger refuses; then nothing was stored or charged.
    """
    use = use_of(customer, parent, wanted, idempotency_key)
    if earlier := find_earlier(use):
        return earlier
    if find_balance(customer.platform_id, customer.user).is_stopped:
        raise UserStopped
    check_quota(customer)
    priced = price_edit(customer, parent, wanted)
    check_affordable(customer, priced.quote.price)
    stored = editing.store_edit(priced.plan, editing.draw_edit(priced.plan))
    try:
        return pay_and_record(customer, priced, stored, use)
    except Exception as error:
        delete_unless_recorded(stored)
        # The key was used by a request that ran beside this one and has committed since.
        if isinstance(error, IntegrityError) and (earlier := find_earlier(use)):
            return earlier
        raise


def use_of(
    customer: Customer, parent: "Artifact", wanted: Wanted, idempotency_key: str
) -> idempotency.Use:
    """Return a customer's use of a key for an edit: to use it for an upload is to send another body."""
    said = {"edit": parent.pk.hex, **vars(wanted), "said": list(wanted.said)}
    scope, fingerprint = idempotency.Scope.UPLOAD, idempotency.digest(said)
    return idempotency.Use(customer.platform_id, customer.user, scope, idempotency_key, fingerprint)


def plan_for(customer: Customer, parent: "Artifact", wanted: Wanted) -> editing.Plan:
    """Return how a picture is edited, with the labels of the customer's platform; raise as `plan_edit` does."""
    labels = customer.labels
    return editing.plan_edit(
        parent, wanted, producer=labels.producer, corner=labels.corner, language=labels.language
    )


def price_edit(customer: Customer, parent: "Artifact", wanted: Wanted) -> Priced:
    """Return how a picture is edited and what it costs by the price list; raise InvalidRequest or PriceTooLarge."""
    plan = plan_for(customer, parent, wanted)
    width, height = plan.size
    platform = str(customer.platform_id)
    item = pricing.Item(pricing.EDIT, platform=platform, width=width, height=height)
    return Priced(plan, price_item(item, customer.plan))


def check_affordable(customer: Customer, price: int) -> None:
    """Raise what the ledger would refuse, before anything is drawn: it holds the price, and that is undone."""
    if not price:
        return
    with transaction.atomic():
        hold(customer, price, reference=new_id())
        transaction.set_rollback(True)


def hold(customer: Customer, price: int, *, reference: uuid.UUID) -> uuid.UUID:
    """Reserve the price of an edit and return the hold's id."""
    purse = ledger.open_purse(customer.platform_id, customer.user)
    terms = replace(terms_of(customer), reason=ledger.EDIT.reason)
    return ledger.hold(purse.pk, price, reference=reference, terms=terms)


@transaction.atomic
def pay_and_record(
    customer: Customer, priced: Priced, stored: StoredFile, use: idempotency.Use
) -> "Artifact":
    """Write key, payment, artifact and its line, or nothing at all. Locks: key, pictures, purse."""
    artifact_id, price = priced.plan.artifact_id, priced.quote.price
    # First, so that an equal request running beside this one waits here and moves no credits.
    idempotency.keep(use, artifact_id)
    if not editing.keep_pictures(priced.plan):
        raise NotFound(thing=gettext_noop("picture"))
    if price:
        hold_id = hold(customer, price, reference=artifact_id)
        ledger.settle(hold_id, price, why=ledger.EDIT)
    return editing.record_edit(priced.plan, stored, price=price)
