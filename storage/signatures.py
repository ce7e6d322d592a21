"""Signatures that stand in addresses, apart from what they are of."""

from datetime import timedelta

from django.core.signing import BadSignature, Signer, TimestampSigner


def signature_of(signer: Signer, text: str) -> str:
    """Return the signature of a text."""
    return signer.sign(text).removeprefix(f"{text}:")


def is_signature(
    signer: Signer, text: str, signature: str, max_age: timedelta | None = None
) -> bool:
    """Return whether a signature is ours, of this text, and, of a signer that notes the time, young enough."""
    signed = f"{text}:{signature}"
    try:
        # Compared, since the signature's part could bring the end of a longer text along.
        if isinstance(signer, TimestampSigner):
            return signer.unsign(signed, max_age=max_age) == text
        return signer.unsign(signed) == text
    except BadSignature:
        return False
