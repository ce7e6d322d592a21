"""The key pair that signs content credentials: made once in the home, or whose owner's the settings name.

One that was made here says who signs, and proves that the hub did; programs that trust nobody they do not know call it
untrusted. A certificate of an authority that they know takes its place by LABEL_CERTIFICATES and LABEL_KEY.
"""

import datetime
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

CHAIN, KEY = "certificates.pem", "key.pem"
# As long as anybody may ask about a picture.
LIFETIME: Final = datetime.timedelta(days=3650)
# Clocks of those who read may be slow.
ALLOWANCE: Final = datetime.timedelta(days=1)
ELLIPTIC: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
NO_USE: Final = dict.fromkeys(
    (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ),
    False,
)  # fmt: skip


@dataclass(frozen=True)
class KeyPair:
    """A private key, its certificates from its own to the root's (both PEM), and C2PA's word for how it signs."""

    key: bytes
    chain: bytes
    algorithm: str

    @property
    def anchor(self) -> str:
        """The last certificate, which whoever trusts this hub trusts (PEM)."""
        return serialize(x509.load_pem_x509_certificates(self.chain)[-1]).decode()


def find_pair() -> KeyPair:
    """Return the key pair of the settings, else of the home, made on first use; raise ImproperlyConfigured when it
    cannot be read or does not fit."""
    named = settings.LABEL_CERTIFICATES, settings.LABEL_KEY
    if not any(named):
        folder = Path(settings.HOME) / "credentials"
        named = str(folder / CHAIN), str(folder / KEY)
        ensure_pair(folder)
    return read_pair(*named)


@cache
def read_pair(chain_path: str, key_path: str) -> KeyPair:
    """Return the key pair of two files; raise ImproperlyConfigured, naming what is wrong with them."""
    try:
        chain, key = Path(chain_path).read_bytes(), Path(key_path).read_bytes()
        certificates = x509.load_pem_x509_certificates(chain)
        private = serialization.load_pem_private_key(key, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            f"LABEL_CERTIFICATES and LABEL_KEY cannot be read: {error}. Name a PEM file of the certificates, your own "
            "first and the root last, and one of the private key without a password"
        ) from error
    if certificates[0].public_key() != private.public_key():
        raise ImproperlyConfigured(
            "LABEL_KEY is not the key of the first certificate in LABEL_CERTIFICATES"
        )
    check_chain(certificates)
    unlocked = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return KeyPair(unlocked, chain, name_algorithm(private))


def check_chain(certificates: Sequence[x509.Certificate]) -> None:
    """Raise ImproperlyConfigured for certificates of which one is not issued by the next: nobody who knows the last one
    would trust the first."""
    for number, (one, issuer) in enumerate(pairwise(certificates), 1):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise ImproperlyConfigured(
                f"LABEL_CERTIFICATES: certificate {number} was not issued by the one after it. Your own comes first, "
                "then who issued it, and so on to the root"
            ) from error


def name_algorithm(key: object) -> str:
    """Return C2PA's word for how a key signs; raise ImproperlyConfigured for one that C2PA does not know."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ELLIPTIC:
        return ELLIPTIC[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise ImproperlyConfigured("LABEL_KEY: content credentials are signed by P-256, RSA or Ed25519")


def ensure_pair(folder: Path) -> None:
    """Make the folder (0700) with a new key pair (0600), unless it is there: of two processes, the first wins."""
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".credentials.", dir=folder.parent))
    try:
        for name, data in make_pair().items():
            write_privately(draft / name, data)
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_privately(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, for good."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_pair() -> dict[str, bytes]:
    """Return a new key with its certificate and the root's, by file; the root signs nothing else, so its key is not
    kept."""
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    anchor = (
        begin("GenHub root", "GenHub root", root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**{**NO_USE, "key_cert_sign": True}), critical=True)
        .sign(root, hashes.SHA256())
    )
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
    certificate = (
        begin("GenHub", "GenHub root", own.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{**NO_USE, "digital_signature": True}), critical=True)
        # What C2PA asks of whoever signs.
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(issued_by, critical=False)
        .sign(root, hashes.SHA256())
    )
    key = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {KEY: key, CHAIN: serialize(certificate) + serialize(anchor)}


def begin(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    """Return a certificate that is still to be signed."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - ALLOWANCE)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def name(common: str) -> x509.Name:
    """Return a name in certificates."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "GenHub"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def serialize(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)
