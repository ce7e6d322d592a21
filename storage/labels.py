"""What a file says of where its picture comes from, for programs that read it; people see nothing of it."""

from typing import Final

# The packet's id is XMP's (ISO 16684-1); namespace and code are IPTC's, for what a trained model made.
GENERATED: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<Iptc4xmpExt:DigitalSourceType>"
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="r"?>'
).encode()
"""The XMP packet of a picture that a model made. The same for each: equal pixels stay equal bytes."""

NONE: Final = b""
"""What an uploaded picture gets: it may be a photograph."""
