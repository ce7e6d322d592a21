"""What a file is, by its first bytes: what its sender calls it proves nothing."""

from typing import Final

# What tells every type that is known here; no picture and no video is shorter.
HEAD_BYTES: Final = 16
STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"\x1aE\xdf\xa3": "video/webm",
}
# Of ISO's container: the brands that are not MP4's.
BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"qt  ": "video/quicktime",
}


def find_media_type(head: bytes) -> str:
    """Return the media type that the first HEAD_BYTES tell; empty for one that is not known here."""
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((found for start, found in STARTS.items() if head.startswith(start)), "")
