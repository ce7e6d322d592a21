"""Content credentials: a C2PA manifest in the file itself, signed, of how its picture came to be.

Signed last, over all other labels. The library is loaded when the first picture is: it is none of the web's.
"""

import io
import json
import logging
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from genhub.lib.ids import new_id, to_wire
from storage.encoding import Encoded
from storage.labels import TRAINED
from storage.selectors import PREFIX
from storage.signing_keys import KeyPair, find_pair

if TYPE_CHECKING:
    import c2pa

logger = logging.getLogger(__name__)

PRODUCT: Final = {"name": "GenHub", "version": "0.1.0"}
# What the picture is made of, in C2PA's words: what a model was shown, and what was changed.
INPUT, PARENT = "inputTo", "parentOf"
# Nothing is looked up anywhere, drawn small, or read again; a key that must not sign is refused when it is read.
OFFLINE: Final = {
    "verify": {
        "verify_after_sign": False,
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True)
class Ingredient:
    """A picture that another was made of, with its own credentials if it has any."""

    relation: str
    title: str
    content_type: str
    file: IO[bytes]


@dataclass(frozen=True)
class History:
    """How a picture came to be: made by a model, or, where it has a parent, that one with these changes (C2PA's
    actions)."""

    artifact_id: uuid.UUID
    model: str = ""
    changes: Sequence[str] = ()
    ingredients: Sequence[Ingredient] = ()


def sign_encoded(encoded: Encoded, history: History) -> Encoded:
    """Return a picture with its credentials, without them where they cannot be made."""
    place = io.BytesIO()
    is_signed = sign_file(io.BytesIO(encoded.data), place, encoded.content_type, history)
    return encoded._replace(data=place.getvalue()) if is_signed else encoded


def sign_file(source: IO[bytes], place: IO[bytes], content_type: str, history: History) -> bool:
    """Write a picture with its credentials to a place, and return whether that was done.

    A picture that was paid for is not lost for want of a signature: its other labels say what it is, and the log
    tells staff what is wrong with the keys or the library.
    """
    if not settings.CONTENT_CREDENTIALS:
        return False
    import c2pa  # noqa: PLC0415 (only who signs loads it)

    try:
        signing = signing_of(find_pair(), os.getpid())
        with c2pa.Builder(describe(content_type, history), signing.context) as builder:
            add_actions(builder, history, add_ingredients(builder, history.ingredients))
            builder.sign(signing.signer, content_type, source, place)
    except (c2pa.C2paError, ImproperlyConfigured, OSError):
        logger.exception("art_%s is stored without content credentials", history.artifact_id.hex)
        return False
    return True


def prepare() -> None:
    """Load what signs, so that the first picture need not wait; what is wrong with it is logged here already."""
    if not settings.CONTENT_CREDENTIALS:
        return
    try:
        signing_of(find_pair(), os.getpid())
    except (ImproperlyConfigured, OSError):
        logger.exception("pictures will be stored without content credentials")


@dataclass(frozen=True)
class Signing:
    """What the library signs with."""

    context: "c2pa.Context"
    signer: "c2pa.Signer"


@cache
def signing_of(pair: KeyPair, _process: int) -> Signing:
    """Return what signs with a key pair in a process: a fork needs its own."""
    import c2pa  # noqa: PLC0415 (only who signs loads it)

    # Nobody is asked for a time or a state: that would tell others of each picture, and wait for them.
    info = c2pa.C2paSignerInfo(pair.algorithm, pair.chain, pair.key, None)
    return Signing(c2pa.Context.from_dict(OFFLINE), c2pa.Signer.from_info(info))


def describe(content_type: str, history: History) -> dict[str, Any]:
    """Return a manifest's beginning."""
    return {
        "claim_generator_info": [PRODUCT],
        "title": to_wire(PREFIX, history.artifact_id),
        "format": content_type,
    }


def add_ingredients(
    builder: "c2pa.Builder", ingredients: Iterable[Ingredient]
) -> dict[str, list[str]]:
    """Add what a picture is made of, and return the ids by relation; what cannot be read is passed over, and logged."""
    import c2pa  # noqa: PLC0415 (only who signs loads it)

    added: dict[str, list[str]] = {}
    for one in ingredients:
        said = {
            "title": one.title,
            "format": one.content_type,
            "relationship": one.relation,
            "instance_id": f"xmp:iid:{new_id()}",
        }
        try:
            builder.add_ingredient(json.dumps(said), one.content_type, one.file)
        except c2pa.C2paError:
            logger.exception("%s is told of without its own credentials", one.title)
        else:
            added.setdefault(one.relation, []).append(said["instance_id"])
    return added


def add_actions(builder: "c2pa.Builder", history: History, added: dict[str, list[str]]) -> None:
    """Say what was done: made by a model of its inputs, or changed from its parent."""
    parents, inputs = added.get(PARENT, []), added.get(INPUT, [])
    first: dict[str, Any] = {"action": "c2pa.opened" if parents else "c2pa.created"}
    first["digitalSourceType"] = TRAINED
    if history.model and not parents:
        first["softwareAgent"] = {"name": history.model}
    if parents or inputs:
        first["parameters"] = {"ingredientIds": parents or inputs}
    builder.add_action(first)
    for change in history.changes:
        builder.add_action({"action": change})
