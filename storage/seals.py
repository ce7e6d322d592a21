"""The label of an output of this hub, and whether a label that a file shows is one."""

import uuid
from collections.abc import Mapping

from django.conf import settings
from django.core.signing import Signer

from genhub.lib.ids import from_wire, to_wire
from storage.labels import Label, describe, name_producer
from storage.selectors import PREFIX
from storage.signatures import is_signature, signature_of

SIGNER = Signer(salt="storage.labels", sep=":")


def label_output(artifact_id: uuid.UUID, *, producer: str = "", parameters: str = "") -> Label:
    """Return the label of an output: its producer is who the platform is, else who the hub is (LABEL_PRODUCER)."""
    producer, wire_id = producer or settings.LABEL_PRODUCER, to_wire(PREFIX, artifact_id)
    # What only this hub can write: whoever copies its names into a file of theirs has no code to them.
    seal = signature_of(SIGNER, sealed_text(producer, wire_id))
    return Label(describe(name_producer(producer, wire_id, seal)), parameters)


def find_sealed(fields: Mapping[str, str]) -> uuid.UUID | None:
    """Return the id of the output that a label names, None unless this hub wrote it."""
    producer, wire_id = fields.get("ContentProducer", ""), fields.get("ProduceID", "")
    seal = fields.get("ReservedCode1", "")
    is_ours = is_signature(SIGNER, sealed_text(producer, wire_id), seal)
    return from_wire(PREFIX, wire_id) if is_ours else None


def sealed_text(producer: str, wire_id: str) -> str:
    """Return what is sealed of a label."""
    return f"{wire_id}/{producer}"
