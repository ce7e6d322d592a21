"""A part given by halves is an error that names the variable."""

import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from genhub.settings import parts, store
from storage.buckets import BucketStorage
from tests.words.sources import ROOT

KEYS = {"S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for names in store.S3_NAMES.values() for name in names]
    names += [name for names in store.S3_CHECKSUM_NAMES.values() for name in names]
    others = (
        *store.S3_PURPOSES.values(),
        "S3_ADDRESSING_STYLE",
        "S3_SSE",
        "S3_SSE_KMS_KEY_ID",
        "S3_ENDPOINT_URL",
        "S3_PUBLIC_ENDPOINT_URL",
        "REDIS_URL",
        "CELERY_BROKER_URL",
    )
    for name in (*names, *others):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"S3_ENDPOINT_URL": "http://store"}, "S3_BUCKET"),
        ({"S3_ACCESS_KEY": "key"}, "S3_BUCKET"),
        ({"S3_PUBLIC_ENDPOINT_URL": "https://store"}, "S3_BUCKET"),
        ({"S3_UPLOADS_BUCKET": "sent"}, "S3_BUCKET"),
        ({"S3_BUCKET": "media", "S3_ACCESS_KEY": "key"}, "S3_SECRET_KEY"),
        ({"S3_BUCKET": "media", "S3_SECRET_KEY": "secret"}, "S3_ACCESS_KEY"),
        ({"S3_BUCKET": "media", "S3_ENDPOINT_URL": "http://store"}, "S3_ACCESS_KEY"),
        ({"AWS_S3_BUCKET": "media", "AWS_ACCESS_KEY_ID": "key"}, "S3_SECRET_KEY"),
    ],
)
def test_half_a_bucket_names_what_is_missing(
    given: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{named} is not set"):
        store.s3_storage()


def test_without_a_bucket_files_stay_local() -> None:
    assert store.s3_storage() is None


def options_of(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    for name, value in {"S3_BUCKET": "media", **KEYS, **given}.items():
        monkeypatch.setenv(name, value)
    storage = store.s3_storage()
    assert storage is not None
    options: dict[str, Any] = storage["OPTIONS"]
    return options


@pytest.mark.parametrize(
    ("given", "style"),
    [
        ({"S3_ENDPOINT_URL": "http://store"}, "path"),
        ({}, "auto"),
        ({"S3_ENDPOINT_URL": "http://store", "S3_ADDRESSING_STYLE": "virtual"}, "virtual"),
    ],
)
def test_a_whole_bucket_is_taken(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], style: str
) -> None:
    options = options_of(monkeypatch, **given)
    assert options["bucket_name"] == "media"
    client = BucketStorage(**options).connection.meta.client
    assert (client.meta.config.s3["addressing_style"], client.meta.config.signature_version) == (
        style, "s3v4"
    )  # fmt: skip


def test_unknown_addressing_style_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="S3_ADDRESSING_STYLE"):
        options_of(monkeypatch, S3_ADDRESSING_STYLE="host")


def test_picture_and_thumbnail_fail_before_their_worker_is_taken_for_hung(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    config = options_of(monkeypatch)["client_config"]
    attempts = config.retries["total_max_attempts"]
    assert attempts > 1
    longest = attempts * (config.connect_timeout + config.read_timeout)
    # Between two attempts a client of this mode waits a second at most, and there is the encoding, too.
    assert config.retries["mode"] == "standard"
    assert 2 * (longest + attempts) < settings.LOCAL_STALL_SECONDS


def test_bucket_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = options_of(monkeypatch, S3_ENDPOINT_URL=address)
        options["client_config"] = options["client_config"].merge(Config(read_timeout=0.1))
        with pytest.raises(ReadTimeoutError):
            BucketStorage(**options).save("a/b.png", ContentFile(b"a picture"))
        silent.settimeout(0)
        for _ in range(options["client_config"].retries["total_max_attempts"]):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize(
    "url",
    ["mysql://u:p@host/name", "postgres://u:p@host", "nonsense", "postgres://u:p@host:x/name"],
)
def test_an_unreadable_database_is_named(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        parts.database(url)


@pytest.mark.parametrize(
    "url", ["postgres://u@%2Fsrv%2Frun/name", "postgres://u@/name?host=%2Fsrv%2Frun"]
)
def test_a_unix_socket_is_a_database_too(url: str) -> None:
    entry = parts.database(url)
    assert "/srv/run" in {entry["HOST"], entry["OPTIONS"].get("host")}
    assert entry["NAME"] == "name"


def test_a_pool_is_there_unless_its_size_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parts.database("postgres://u@host/name")["OPTIONS"]["pool"]["max_size"] == 10
    monkeypatch.setenv("DATABASE_POOL_SIZE", "0")
    assert "pool" not in parts.database("postgres://u@host/name").get("OPTIONS", {})


def test_the_brokers_own_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parts.broker_url() == ""
    monkeypatch.setenv("REDIS_URL", "redis://one")
    assert parts.broker_url() == "redis://one"
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://two")
    assert parts.broker_url() == "amqp://two"


@pytest.mark.parametrize(("broker", "where"), [
    ("amqp://two", "redis://one"), ("amqps://two", "redis://one"), ("redis://two", "redis://two"),
])  # fmt: skip
def test_beside_rabbitmq_the_other_server_counts(
    broker: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts.counters_url(broker) == broker
    monkeypatch.setenv("REDIS_URL", "redis://one")
    assert parts.counters_url(broker) == where


@pytest.mark.parametrize(("given", "meant"), [
    ("rediss://h:1/0", "rediss://h:1/0?ssl_cert_reqs=required"),
    ("rediss://h/0?ssl_ca_certs=/ca", "rediss://h/0?ssl_ca_certs=/ca&ssl_cert_reqs=required"),
    ("rediss://h/0?ssl_cert_reqs=none", "rediss://h/0?ssl_cert_reqs=none"),
    ("redis://h/0", "redis://h/0"),
])  # fmt: skip
def test_a_certificate_is_looked_at_unless_somebody_says_otherwise(
    given: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", given)
    assert parts.broker_url() == meant


@pytest.mark.parametrize("url", ["redis", "127.0.0.1:6379", "tcp://10.0.0.1:6379"])
def test_a_broker_that_is_no_url_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL must be .*redis://127"):
        parts.broker_url()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ("when_required", "when_required")),
        (
            {"S3_REQUEST_CHECKSUM_CALCULATION": "when_supported"},
            ("when_supported", "when_required"),
        ),
        (
            {"AWS_RESPONSE_CHECKSUM_VALIDATION": "WHEN_SUPPORTED"},
            ("when_required", "when_supported"),
        ),
    ],
)
def test_newer_checksums_are_used_only_where_asked_for(
    given: dict[str, str], wanted: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = options_of(monkeypatch, **given)["client_config"]
    found = (config.request_checksum_calculation, config.response_checksum_validation)
    assert found == wanted


def test_checksum_word_that_is_none_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="S3_REQUEST_CHECKSUM_CALCULATION"):
        options_of(monkeypatch, AWS_REQUEST_CHECKSUM_CALCULATION="never")


def test_a_required_variable_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^NOT_THERE is not set"):
        parts.required("NOT_THERE")


@pytest.mark.parametrize(
    ("environment", "origin"),
    [
        ({"S3_BUCKET": "b", "S3_ENDPOINT_URL": "http://minio:9000/"}, "http://minio:9000"),
        (
            {
                "S3_BUCKET": "b",
                "S3_ENDPOINT_URL": "http://minio:9000",
                "S3_PUBLIC_ENDPOINT_URL": "https://store.example/",
            },
            "https://store.example",
        ),
        ({"AWS_S3_BUCKET": "b", "AWS_REGION": "eu-west-1"}, "https://b.s3.eu-west-1.amazonaws.com"),
        (
            {"S3_BUCKET": "b", "S3_PREVIEWS_BUCKET": "small", "S3_REGION": "eu-west-1"},
            "https://small.s3.eu-west-1.amazonaws.com",
        ),
        (
            {
                "S3_BUCKET": "b",
                "S3_PREVIEWS_BUCKET": "small",
                "S3_ENDPOINT_URL": "https://store.example",
                "S3_ADDRESSING_STYLE": "virtual",
            },
            "https://small.store.example",
        ),
        ({"IMAGE_ORIGINS": "https://cdn.example"}, "https://cdn.example"),
    ],
)
def test_pages_may_show_pictures_of_the_bucket(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], origin: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert origin in store.image_origins()


@pytest.mark.parametrize("value", ["0", "-1", "36501", "1e3", "many"])
def test_number_out_of_its_bounds_names_itself(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUND_GRACE_DAYS", value)
    with pytest.raises(ImproperlyConfigured, match="REFUND_GRACE_DAYS"):
        parts.at_least("REFUND_GRACE_DAYS", 30, 1, 36_500)


@pytest.mark.parametrize("value", ["0.5", "-2", "1001", "NaN", "Infinity", "much"])
def test_factor_out_of_its_bounds_names_itself(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGH_QUALITY_MULTIPLIER", value)
    with pytest.raises(ImproperlyConfigured, match="HIGH_QUALITY_MULTIPLIER"):
        parts.factor("HIGH_QUALITY_MULTIPLIER", "1.5")


@pytest.mark.parametrize(
    ("value", "price"), [("", None), ("0", 0.0), ("0.004", 0.004)], ids=["unknown", "free", "price"]
)
def test_price_that_is_not_set_is_unknown_and_not_0(
    value: str, price: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_USD_PER_PICTURE", value)
    assert parts.price_usd("LOCAL_USD_PER_PICTURE") == price


@pytest.mark.parametrize("value", ["-1", "NaN", "inf", "10000", "cheap"])
def test_price_that_is_none_names_itself(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_USD_PER_PICTURE", value)
    with pytest.raises(ImproperlyConfigured, match="LOCAL_USD_PER_PICTURE"):
        parts.price_usd("LOCAL_USD_PER_PICTURE")


@pytest.mark.parametrize("value", ["float16", "bf16", "32"])
def test_type_that_the_engine_does_not_compute_in_stops_every_command(value: str) -> None:
    environment = os.environ | {"LOCAL_DTYPE": value}
    command = [sys.executable, "-c", "import genhub.settings.test"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    said = f"LOCAL_DTYPE must be one of auto, bfloat16, float32, not {value!r}"
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"S3_SSE": "rot13"}, "S3_SSE"),
        ({"S3_SSE": "AES256", "S3_SSE_KMS_KEY_ID": "our-key"}, "S3_SSE_KMS_KEY_ID is set"),
    ],
)
def test_encryption_that_no_store_knows_is_refused(
    given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        options_of(monkeypatch, **given)
