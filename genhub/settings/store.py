"""The buckets in which files lie, read from the environment; half of one is an error that names what is missing."""

from typing import Any, Literal

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.addresses import STORE, refuse
from genhub.settings.parts import LINK_SECONDS, first, origin, origins

# Our names first, then the ones that AWS tools already use.
S3_NAMES = {
    "bucket_name": ("S3_BUCKET", "AWS_S3_BUCKET"),
    "access_key": ("S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    "secret_key": ("S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
}
# What may have a bucket of its own beside that one: what its owners sent, what was drawn of files to be looked at in
# their place, and what is kept from its owners.
S3_PURPOSES = {
    "uploads": "S3_UPLOADS_BUCKET",
    "previews": "S3_PREVIEWS_BUCKET",
    "withheld": "S3_WITHHELD_BUCKET",
}
S3_CHECKSUM_NAMES = {
    "request": ("S3_REQUEST_CHECKSUM_CALCULATION", "AWS_REQUEST_CHECKSUM_CALCULATION"),
    "response": ("S3_RESPONSE_CHECKSUM_VALIDATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"),
}
S3_KMS = "aws:kms"
S3_ENCRYPTIONS = ("AES256", S3_KMS)
# How a bucket is named in its address: MinIO wants it in the path, some other stores only in the host.
S3_ADDRESSING_STYLES: tuple[Literal["path", "virtual", "auto"], ...] = ("path", "virtual", "auto")
S3_REGION_NAMES = ("S3_REGION", "AWS_REGION")
S3_DEFAULT_REGION = "us-east-1"
# A bucket that does not answer fails the picture long before LOCAL_STALL_SECONDS end the worker, which puts two files.
S3_CONNECT_SECONDS, S3_READ_SECONDS, S3_ATTEMPTS = 5, 20, 2
# Large files go in parts of 8 MiB, each in memory while it is on its way; with ten, as is usual, a clip took 90 MiB.
S3_PARTS_AT_ONCE = 4


def s3_storage() -> dict[str, Any] | None:
    """Return the S3 storage entry, or None when no S3 variable is set.

    Credentials may be absent together (an instance role then signs), never by halves.
    """
    values = {key: first(*names) for key, names in S3_NAMES.items()}
    endpoint, public = s3_endpoints()
    given_keys = bool(values["access_key"]), bool(values["secret_key"])
    if not values["bucket_name"]:
        if endpoint or public or s3_purposes() or first("S3_ACCESS_KEY", "S3_SECRET_KEY"):
            raise ImproperlyConfigured("S3_BUCKET is not set, but other S3_* variables are")
        return None
    if given_keys in {(True, False), (False, True)} or (endpoint and not all(given_keys)):
        missing = "S3_SECRET_KEY" if given_keys[0] else "S3_ACCESS_KEY"
        raise ImproperlyConfigured(f"{missing} is not set, but S3_BUCKET is")
    # It takes a tenth of a second to import; hubs without a bucket do without.
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    transfer = TransferConfig(max_concurrency=S3_PARTS_AT_ONCE)
    transfer.max_in_memory_upload_chunks = S3_PARTS_AT_ONCE
    config = Config(
        signature_version="s3v4",
        s3={
            "addressing_style": s3_addressing_style(),
            # Each file's SHA-256 is signed with it: whatever store checks signatures refuses bytes that changed.
            "payload_signing_enabled": True,
        },
        connect_timeout=S3_CONNECT_SECONDS,
        read_timeout=S3_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": S3_ATTEMPTS},
        # Stores other than AWS often know nothing of the newer checksums, and refuse what carries them.
        request_checksum_calculation=checksums(*S3_CHECKSUM_NAMES["request"]),
        response_checksum_validation=checksums(*S3_CHECKSUM_NAMES["response"]),
    )
    several = s3_purposes()
    return {
        "BACKEND": "storage.purposes.SeveralBuckets"
        if several
        else "storage.buckets.BucketStorage",
        "OPTIONS": {
            **({"buckets": several} if several else {}),
            **{key: value or None for key, value in values.items()},
            "endpoint_url": endpoint or None,
            "public_endpoint_url": public or None,
            "region_name": first(*S3_REGION_NAMES, default=S3_DEFAULT_REGION),
            "client_config": config,
            "transfer_config": transfer,
            "default_acl": None,
            # Keys are unique and deterministic: a repeated save writes the same object again.
            "file_overwrite": True,
            "querystring_auth": True,
            "querystring_expire": LINK_SECONDS,
            "object_parameters": {
                "CacheControl": "private, max-age=31536000, immutable",
                **s3_encryption(),
            },
        },
    }


def s3_purposes() -> dict[str, str]:
    """Return the buckets of purposes that have one of their own."""
    found = {purpose: first(name) for purpose, name in S3_PURPOSES.items()}
    return {purpose: bucket for purpose, bucket in found.items() if bucket}


def s3_addressing_style() -> Literal["path", "virtual", "auto"]:
    """Return how a bucket is named in its address: as AWS wants it, at any other store in the path."""
    usual = "path" if s3_endpoints()[0] else "auto"
    said = first("S3_ADDRESSING_STYLE", default=usual)
    for style in S3_ADDRESSING_STYLES:
        if said == style:
            return style
    raise refuse("S3_ADDRESSING_STYLE", said, " or ".join(S3_ADDRESSING_STYLES))


def s3_encryption() -> dict[str, str]:
    """Return the words by which the store is asked to encrypt each file; none: as the bucket is set up."""
    kind, key = first("S3_SSE"), first("S3_SSE_KMS_KEY_ID")
    if kind not in {"", *S3_ENCRYPTIONS}:
        raise refuse("S3_SSE", kind, " or ".join(S3_ENCRYPTIONS))
    if key and kind != S3_KMS:
        raise ImproperlyConfigured(f"S3_SSE_KMS_KEY_ID is set, but S3_SSE is not {S3_KMS}")
    words = {"ServerSideEncryption": kind, "SSEKMSKeyId": key}
    return {name: value for name, value in words.items() if value}


def s3_endpoints() -> tuple[str, str]:
    """Return the store's address for the hub, and the one for people, where that is another."""
    public = origin("S3_PUBLIC_ENDPOINT_URL", example=STORE)
    return origin("S3_ENDPOINT_URL", example=STORE), public


def checksums(*names: str) -> Literal["when_required", "when_supported"]:
    """Return when the store's newer checksums are used, by the first of the named variables that is set."""
    value = first(*names, default="when_required").strip().lower()
    if value == "when_supported":
        return "when_supported"
    if value != "when_required":
        raise refuse(names[0], value, "when_required or when_supported")
    return "when_required"


def image_origins() -> list[str]:
    """Return from where pages may load pictures besides the hub itself: the buckets' hosts, and IMAGE_ORIGINS."""
    found = origins("IMAGE_ORIGINS", "")
    usual, (endpoint, public) = first(*S3_NAMES["bucket_name"]), s3_endpoints()
    buckets = [usual, *s3_purposes().values()] if usual else []
    if outer := public or endpoint:
        found.append(outer)
        if s3_addressing_style() == "virtual":
            scheme, _, host = outer.partition("://")
            found += [f"{scheme}://{bucket}.{host}" for bucket in buckets]
        return found
    region = first(*S3_REGION_NAMES, default=S3_DEFAULT_REGION)
    for bucket in buckets:
        found += [
            f"https://{bucket}.s3.amazonaws.com",
            f"https://{bucket}.s3.{region}.amazonaws.com",
        ]
    return found
