"""Share links: addresses that open a picture without a key, until their time, their uses or their owner ends them."""

import uuid
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.http import content_disposition_header

from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms import idempotency
from storage.encoding import EXTENSIONS, THUMBNAIL_TYPE
from storage.models import SHOWN, Artifact, ShareLink
from storage.reviews import ask_for, check_published
from storage.selectors import PREFIX as ARTIFACT
from storage.selectors import sign_link
from storage.services import use_pictures
from storage.signatures import is_signature, signature_of

PREFIX: Final = "lnk"
SIGNER: Final = Signer(salt="storage.links")
OPEN, SPENT, EXPIRED, REVOKED = STATES = ("open", "spent", "expired", "revoked")


def make_link(
    artifact: Artifact, *, seconds: int, use: idempotency.Use, **words: str | int | bool | None
) -> ShareLink:
    """Return a new link to a picture, or the one that the same key and words made before.

    `words` are columns. Raises IdempotencyKeyReused, NotFound when the picture is deleted meanwhile, PictureWaits,
    PictureRejected.
    """
    if earlier := idempotency.find_earlier(use):
        return find_links(artifact).get(pk=earlier)
    ask_for(artifact)
    row = ShareLink(artifact=artifact, expires_at=Now() + timedelta(seconds=seconds), **words)
    try:
        with transaction.atomic():
            idempotency.keep(use, row.pk)
            # One that is shared is used: it does not go with those that nobody named.
            if not use_pictures([artifact.pk]):
                raise NotFound(thing=gettext_noop("picture"))
            check_published(artifact.pk)
            row.save(force_insert=True)
    except IntegrityError:
        # The key was used by a request that ran beside this one and has committed since.
        if not (earlier := idempotency.find_earlier(use)):
            raise
        return find_links(artifact).get(pk=earlier)
    return find_links(artifact).get(pk=row.pk)


def find_links(artifact: Artifact) -> QuerySet[ShareLink]:
    """Return a picture's links, each with whether its time is over, by the database's clock."""
    is_over = ExpressionWrapper(Q(expires_at__lte=Now()), BooleanField())
    return ShareLink.objects.filter(artifact=artifact).annotate(is_over=is_over)


def state_of(link: ShareLink) -> str:
    """Return how a link stands that `find_links` found."""
    if link.revoked_at:
        return REVOKED
    if vars(link)["is_over"]:
        return EXPIRED
    return SPENT if link.most_uses is not None and link.uses >= link.most_uses else OPEN


def revoke_link(artifact: Artifact, wire_id: str) -> bool:
    """End a link of a picture and return whether there is such a link; ended twice, the first time stays."""
    rows = ShareLink.objects.filter(artifact=artifact, pk=from_wire(PREFIX, wire_id))
    rows.filter(revoked_at=None).update(revoked_at=Now())
    return rows.exists()


def address_of(link: ShareLink) -> str:
    """Return where a link opens its picture."""
    wire_id = to_wire(PREFIX, link.pk)
    path = reverse("share", args=[wire_id, signature_of(SIGNER, wire_id)])
    return f"{settings.PUBLIC_URL}{path}"


def find_signed(wire_id: str, signature: str) -> uuid.UUID | None:
    """Return the id of the link that an address is of; None for an address that the hub never gave."""
    return from_wire(PREFIX, wire_id) if is_signature(SIGNER, wire_id, signature) else None


def use_link(link_id: uuid.UUID) -> str | None:
    """Count a use of a link and return a fresh address of its picture; None when it has ended.

    One statement counts and judges: of those that come at once, no more than may get an address.
    """
    # As a condition, not a join: what another use has written meanwhile is looked at again.
    is_seen = Exists(Artifact.objects.filter(SHOWN, pk=OuterRef("artifact")))
    open_ones = ShareLink.objects.filter(
        Q(most_uses=None) | Q(uses__lt=F("most_uses")), is_seen,
        pk=link_id, revoked_at=None, expires_at__gt=Now(),
    )  # fmt: skip
    if not open_ones.update(uses=F("uses") + 1):
        return None
    link = ShareLink.objects.select_related("artifact").filter(pk=link_id).first()
    if link is None:
        return None
    return sign_link(link.artifact, disposition=write_disposition(link))


def write_disposition(link: ShareLink) -> str:
    """Return the header by which a browser shows the picture, or saves it, and what it calls it (RFC 6266)."""
    name = name_file(link.artifact, link.name)
    return content_disposition_header(link.is_download, name) or "inline"


def name_file(artifact: Artifact, name: str, *, thumbnail: bool = False) -> str:
    """Return what a picture's file, or its thumbnail's, is called: its ending is that of its type."""
    is_small = thumbnail and artifact.has_thumbnail
    ending = EXTENSIONS.get(THUMBNAIL_TYPE if is_small else artifact.content_type, "")
    stem = name or to_wire(ARTIFACT, artifact.pk)
    return stem if stem.lower().endswith(ending) else f"{stem}{ending}"
