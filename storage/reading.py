"""What a stranger's picture says of where it comes from, and what it shows: a program that may die of it.

Run as `decoding` is and with the same limits.
"""

import hashlib
import io
import json
import sys
from typing import Any, Final

from PIL import Image

from storage.bounded import MOST_MEMORY_BYTES, answer_bounded, bound_seconds
from storage.containers import find_format, open_container
from storage.decoding import CONTENT_TYPES, check_size, decode, measure, read_pixels
from storage.labels import read_fields

# As small as this two pictures are compared: of one that was scaled or coded again, little differs then.
SKETCH_PIXELS: Final = (16, 16)
# As large as this one is looked for within the other, of which it may have been cut.
DRAFT_PIXELS: Final = 96


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Answer JSON, or `refused CODE`; anything else means that it cannot be read. Told: the certificates to trust."""
    answer_bounded(answer_reading, most_memory_bytes)


def answer_reading(data: bytes) -> bytes:
    """Return what a picture shows, by its size, the digest of its pixels, a sketch and a draft; and what it says, by
    the fields of AIGC and its credentials."""
    image = see(data)
    grey = image.convert("L")
    anchors = sys.argv[1] if len(sys.argv) > 1 else ""
    said = {
        "width": image.width,
        "height": image.height,
        "pixels": hashlib.sha256(image.tobytes()).hexdigest(),
        "sketch": grey.resize(SKETCH_PIXELS, Image.Resampling.BOX).tobytes().hex(),
        "draft": draft(grey),
        "aigc": read_fields(find_packet(data)),
        "credentials": read_credentials(data, anchors) if anchors else {},
    }
    return json.dumps(said).encode()


def draft(grey: Image.Image) -> dict[str, Any]:
    """Return a grey picture in its own shape, at most DRAFT_PIXELS a side."""
    scale = min(1.0, DRAFT_PIXELS / max(grey.size))
    width, height = (max(1, round(side * scale)) for side in grey.size)
    small = grey.resize((width, height), Image.Resampling.BOX)
    return {"size": (width, height), "pixels": small.tobytes().hex()}


def see(data: bytes) -> Image.Image:
    """Return what people see of a picture."""
    container = open_container(data)
    bound_seconds(*measure(container))
    return decode(container)


def find_packet(data: bytes) -> bytes:
    """Return a picture's XMP, empty for none."""
    # A PNG's stands where its pixels have been read, too.
    packet = read_pixels(data, find_format(data), check_size).info.get("xmp", b"")
    return packet.encode() if isinstance(packet, str) else bytes(packet)


def read_credentials(data: bytes, anchors: str) -> dict[str, Any]:
    """Return whether a picture's credentials hold for whoever trusts these certificates (`Trusted`, `Valid`,
    `Invalid`), the serial number of who signed, the title, and what does not hold; empty for none."""
    import c2pa  # noqa: PLC0415 (the others here need it not)

    settings = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "trust": {"user_anchors": anchors},
    }
    try:
        with c2pa.Reader(
            CONTENT_TYPES[find_format(data)],
            io.BytesIO(data),
            context=c2pa.Context.from_dict(settings),
        ) as reader:
            told = json.loads(reader.json())
    except c2pa.C2paError:
        return {}
    active = told["manifests"].get(told.get("active_manifest"), {})
    return {
        "state": told.get("validation_state", ""),
        "serial": active.get("signature_info", {}).get("cert_serial_number", ""),
        "title": active.get("title", ""),
        "failures": [one["code"] for one in told.get("validation_status") or ()],
    }


if __name__ == "__main__":
    main()
