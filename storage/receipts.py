"""Receipts that this hub signs with the key of its content credentials: a JWS (RFC 7515) with the certificates in it.

Who has only the receipt can check it with these; that they are this hub's, the hub itself says.
"""

from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from storage.signing_keys import find_pair

# C2PA's words for how a key signs, and JWS's.
ALGORITHMS: Final = {
    "es256": "ES256", "es384": "ES384", "es512": "ES512", "ps256": "PS256", "ed25519": "EdDSA",
}  # fmt: skip
TYPE: Final = "genhub-receipt+jwt"


def sign(said: Mapping[str, Any]) -> str:
    """Return what is said, signed."""
    pair = find_pair()
    key = load_pem_private_key(pair.key, password=None)
    certificates = x509.load_pem_x509_certificates(pair.chain)
    headers = {"typ": TYPE, "x5c": [strip(one) for one in certificates]}
    return jwt.encode(dict(said), key, algorithm=ALGORITHMS[pair.algorithm], headers=headers)  # type: ignore[arg-type]


def read(receipt: str) -> dict[str, Any] | None:
    """Return what a receipt says if this hub has signed it as it is, else None; what it says of keys is not asked."""
    pair = find_pair()
    key = x509.load_pem_x509_certificates(pair.chain)[0].public_key()
    try:
        if jwt.get_unverified_header(receipt).get("typ") != TYPE:
            return None
        algorithms = [ALGORITHMS[pair.algorithm]]
        said: dict[str, Any] = jwt.decode(receipt, key, algorithms=algorithms)  # type: ignore[arg-type]
    except jwt.PyJWTError:
        return None
    return said


def strip(certificate: x509.Certificate) -> str:
    """Return a certificate as JWS headers carry it: base64 of DER."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return "".join(pem.strip().splitlines()[1:-1])
