"""What a file says of where its picture comes from, for programs that read it; people see nothing of it.

Two words in one XMP packet: IPTC's source type, and the AIGC field of GB 45438-2025, as TC260-PG-20258A puts it into
pictures. A file has one such packet: whatever another said of itself before goes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SOURCES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED: Final = f"{SOURCES}trainedAlgorithmicMedia"
# Of GB 45438: what is known to be generated, 2 and 3 being what may be.
IS_GENERATED: Final = "1"
# Of what a stranger's file says.
LONGEST_PACKET_BYTES: Final = 65_536
LONGEST_PARAMETERS_BYTES: Final = 4096


@dataclass(frozen=True)
class Label:
    """What is written into a file: an XMP packet, and the words that its picture was made of; empty: nothing."""

    xmp: bytes = b""
    parameters: str = ""


NONE: Final = Label()
"""What an uploaded picture gets: it may be a photograph."""


def describe(fields: Mapping[str, str]) -> bytes:
    """Return the XMP packet of a picture that a model made, with these fields of AIGC; the same fields, equal bytes."""
    # The packet's id is XMP's (ISO 16684-1); namespace and code are IPTC's, for what a trained model made.
    said = escape(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC}" xmlns:TC260="{TC260}">'
        f"<Iptc4xmpExt:DigitalSourceType>{TRAINED}</Iptc4xmpExt:DigitalSourceType>"
        f"<TC260:AIGC>{said}</TC260:AIGC>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def name_producer(producer: str, produce_id: str, seal: str) -> dict[str, str]:
    """Return the seven fields that GB 45438 knows: who made it, its id, and a code that proves both.

    Who spreads it is whoever publishes it, and unknown here.
    """
    return {
        "Label": IS_GENERATED,
        "ContentProducer": producer,
        "ProduceID": produce_id,
        "ReservedCode1": seal,
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }


def read_fields(packet: bytes) -> dict[str, str]:
    """Return the fields of AIGC that an XMP packet has, as an element or as an attribute; none where it has none, or
    cannot be read."""
    if len(packet) > LONGEST_PACKET_BYTES:
        return {}
    try:
        tree = ElementTree.fromstring(packet.rstrip(b"\0 "))  # noqa: S314 (expat bounds entities)
        said = find_said(tree)
        fields = json.loads(said) if said else {}
    except (ElementTree.ParseError, ValueError):
        return {}
    if not isinstance(fields, dict):
        return {}
    return {name: text for name, text in fields.items() if isinstance(text, str)}


def find_said(tree: ElementTree.Element) -> str:
    """Return the text of the first AIGC property, empty for none."""
    name = f"{{{TC260}}}AIGC"
    for element in tree.iter():
        if element.tag == name:
            return element.text or ""
        if name in element.attrib:
            return element.attrib[name]
    return ""
