"""A certificate of an authority takes the place of the one that the hub makes for itself: files name who issued it."""

import datetime
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from storage import credentials
from storage.checks import check_signing_keys
from storage.models import Artifact
from storage.services import record_artifact
from storage.signing_keys import NO_USE, find_pair
from storage.verifying import verify_picture
from tests.storage import made_pictures as made
from tests.storage.conftest import local
from tests.storage.test_outputs import save

__all__ = ["local"]
pytestmark = pytest.mark.django_db
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def issue(
    organization: str, key: Key, issuer: Issued | None = None, path: int | None = None
) -> Issued:
    """Return a certificate for a key: an authority's with this many others below, or one that signs files; its own
    issuer's where there is none."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organization} signing"),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    is_authority = path is not None
    use = "key_cert_sign" if is_authority else "digital_signature"
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 90 * day)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=path), critical=True)
        .add_extension(x509.KeyUsage(**{**NO_USE, use: True}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not is_authority:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    return Issued(builder.sign(signer, hashes.SHA256()), key)


def write(folder: Path, name: str, leaf: Issued, *others: Issued) -> tuple[str, str]:
    """Write a chain and the key of its first certificate, and return where."""
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(b"".join(one.pem for one in (leaf, *others)))
    # As OpenSSL writes it by itself.
    key.write_bytes(
        leaf.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return str(chain), str(key)


def read(data: bytes, content_type: str, anchors: str) -> dict[str, Any]:
    """Return what C2PA's own reader says of a file, for whoever trusts these authorities."""
    context = c2pa.Context.from_dict({**credentials.OFFLINE, "trust": {"user_anchors": anchors}})
    with c2pa.Reader(content_type, io.BytesIO(data), context=context) as reader:
        told: dict[str, Any] = json.loads(reader.json())
    return told


def new_key(kind: str) -> Key:
    """Return a private key of a kind that C2PA knows."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP256R1())


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
def test_a_certificate_of_an_authority_signs_and_is_read_back_with_its_issuer(
    local: Path, shop: Any, settings: Any, tmp_path: Path, kind: str
) -> None:
    own_before = find_pair().anchor
    root = issue("Trust Services", new_key("p256"), path=1)
    middle = issue("Trust Services EU", new_key("p256"), root, path=0)
    leaf = issue("A Publisher", new_key(kind), middle)
    settings.LABEL_CERTIFICATES, settings.LABEL_KEY = write(tmp_path, "own", leaf, middle, root)
    assert check_signing_keys() == []
    stored = save(made.scene(), owner=shop.pk)
    pk = record_artifact(stored, platform_id=shop.pk, user="alice")
    data = (local / stored.key).read_bytes()

    # Whoever knows the authority trusts the file, and sees whose certificate it is and who issued it.
    told = read(data, stored.content_type, root.pem.decode())
    assert told["validation_state"] == "Trusted"
    signature = told["manifests"][told["active_manifest"]]["signature_info"]
    assert signature["issuer"] == "A Publisher"
    assert signature["cert_serial_number"] == str(leaf.certificate.serial_number)
    # The chain is in the file: a reader needs the root alone.
    assert middle.certificate.public_bytes(serialization.Encoding.DER) in data
    # Whoever does not is told that it holds; the hub's own root of before signs nothing any more.
    assert read(data, stored.content_type, own_before)["validation_state"] == "Valid"
    # The hub knows what is its own by it, and what it signed before still by its label.
    verdict = verify_picture(data)
    assert (verdict.made_here, verdict.credentials, verdict.changed) == (True, "ours", "nothing")
    assert verdict.artifact == Artifact.objects.get(pk=pk)


def test_another_one_of_the_same_authority_is_not_the_hub(
    local: Path, shop: Any, settings: Any, tmp_path: Path
) -> None:
    root = issue("Trust Services", new_key("p256"), path=0)
    files: dict[str, bytes] = {}
    for name in ("hub", "stranger"):
        leaf = issue(name, new_key("p256"), root)
        settings.LABEL_CERTIFICATES, settings.LABEL_KEY = write(tmp_path, name, leaf, root)
        files[name] = (local / save(made.scene(), position=len(files)).key).read_bytes()
    settings.LABEL_CERTIFICATES, settings.LABEL_KEY = (
        str(tmp_path / "hub.pem"), str(tmp_path / "hub.key")
    )  # fmt: skip
    assert verify_picture(files["hub"]).credentials == "ours"
    assert verify_picture(files["stranger"]).credentials == "other"


def test_chain_with_a_gap_or_out_of_order_is_refused_before_anything_is_signed(
    settings: Any, tmp_path: Path
) -> None:
    """Readers look up no certificates: the file must bring all of them."""
    root = issue("Trust Services", new_key("p256"), path=1)
    middle = issue("Trust Services EU", new_key("p256"), root, path=0)
    leaf = issue("A Publisher", new_key("p256"), middle)
    namesake = issue("Trust Services EU", new_key("p256"), root, path=0)
    chains = {
        "gap": [leaf, root],
        "order": [leaf, root, middle],
        "namesake": [leaf, namesake, root],
    }
    for name, chain in chains.items():
        named = write(tmp_path, name, *chain)
        settings.LABEL_CERTIFICATES, settings.LABEL_KEY = named
        (error,) = check_signing_keys()
        assert error.id == "storage.E001"
        assert "certificate 1 was not issued by the one after it" in error.msg
    settings.LABEL_CERTIFICATES, settings.LABEL_KEY = write(tmp_path, "right", leaf, middle, root)
    assert check_signing_keys() == []
