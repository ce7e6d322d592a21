"""Addresses, numbers and flags of the environment: what is clear is taken, the rest is refused by name."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import Signer

from genhub.settings import parts
from tests.embedded.hubs import HubProcess


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://hub.example.com", "https://hub.example.com"),
        ("https://hub.example.com/", "https://hub.example.com"),
        (" https://hub.example.com\n", "https://hub.example.com"),
        ("http://10.0.0.5:8000/", "http://10.0.0.5:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("", "http://127.0.0.1:8000"),
    ],
)
def test_address_is_taken_without_what_would_break_links(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", text)
    assert parts.origin("PUBLIC_URL", "http://127.0.0.1:8000") == wanted


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("hub.example.com", "https:// is missing"),
        ("hub.example.com:8000", "https:// is missing"),
        ("ftp://hub.example.com", "https:// is missing"),
        ("https://", "host is missing"),
        ("https://:8000", "host is missing"),
        ("https://hub example.com", "space"),
        ("https://hub.example.com/hub", "path"),
        ("https://hub.example.com//", "path"),
        ("https://hub.example.com?a=b", "more than a host"),
        ("https://hub.example.com#x", "more than a host"),
        ("https://me:secret@hub.example.com", "password"),
        ("https://hub.example.com:", "port"),
        ("https://hub.example.com:99999", "[Pp]ort"),
        ("https://hub.example.com:eighty", "[Pp]ort"),
        ("https://hub;example.com", "the host is not one"),
        ("tcp://10.0.0.1:8000", "enableServiceLinks"),
    ],
)
@pytest.mark.parametrize("name", ["PUBLIC_URL", "S3_ENDPOINT_URL", "S3_PUBLIC_ENDPOINT_URL"])
def test_address_that_makes_dead_links_is_refused_with_its_cause(
    name: str, text: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} must be (?s:.*){cause}"):
        parts.origin(name)


def test_each_of_several_addresses_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", "https://a.example/, https://*.b.example")
    found = parts.origins("CSRF_TRUSTED_ORIGINS", "https://hub.example.com")
    assert found == ["https://a.example", "https://*.b.example"]
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", "https://a.example,b.example")
    with pytest.raises(ImproperlyConfigured, match=r"^CSRF_TRUSTED_ORIGINS must be"):
        parts.origins("CSRF_TRUSTED_ORIGINS", "https://hub.example.com")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),  # noqa: S104
        ("::", "::"),
        ("[::1]", "::1"),
        ("hub-1.example.com", "hub-1.example.com"),
    ],
)
def test_host_to_listen_on_is_taken(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENHUB_HOST", text)
    assert parts.listening_host() == wanted


@pytest.mark.parametrize(
    "text", ["http://0.0.0.0", "0.0.0.0:8000", "tcp://10.0.0.1:8000", "my host", "hub/", "-"]
)
def test_host_to_listen_on_that_is_more_than_a_host_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENHUB_HOST", text)
    with pytest.raises(ImproperlyConfigured, match=r"^GENHUB_HOST must be a host"):
        parts.listening_host()


def test_host_names_of_requests_are_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "hub.example.com, .b.example,10.0.0.5,::1,*,")
    assert parts.allowed_hosts() == ["hub.example.com", ".b.example", "10.0.0.5", "[::1]", "*"]
    for text in ("https://hub.example.com", "hub.example.com:8000", "hub.example.com b.example"):
        monkeypatch.setenv("ALLOWED_HOSTS", text)
        with pytest.raises(ImproperlyConfigured, match=r"^ALLOWED_HOSTS must be host names"):
            parts.allowed_hosts()


def test_private_hosts_are_hosts_or_ports_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PRIVATE_HOSTS", "SD.lan, sd.lan.:7860,10.0.0.5,10.0.0.5:80,[FD00::5],[::1]:7860,,"
    )
    assert parts.private_hosts("PRIVATE_HOSTS") == {
        "sd.lan", "sd.lan:7860", "10.0.0.5", "10.0.0.5:80", "[fd00::5]", "[::1]:7860",
    }  # fmt: skip
    monkeypatch.delenv("PRIVATE_HOSTS")
    assert parts.private_hosts("PRIVATE_HOSTS") == frozenset()


@pytest.mark.parametrize(
    "text",
    ["http://sd.lan", "sd.lan/", "*.lan", "10.0.0.0/8", "sd.lan:", "sd.lan:x", "::1", "fd00::5:80", "a b", "[::1]:", "*",
     ":80", "me@sd.lan", "[sd.lan"],
)  # fmt: skip
def test_private_hosts_are_nothing_else(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither patterns nor networks: what is allowed is what was named."""
    monkeypatch.setenv("PRIVATE_HOSTS", f"sd.lan,{text}")
    with pytest.raises(ImproperlyConfigured, match=r"^PRIVATE_HOSTS must be hosts"):
        parts.private_hosts("PRIVATE_HOSTS")


@pytest.mark.parametrize("text", ["tcp://10.0.0.1:8000", "udp://10.0.0.1:53", "TCP://[::1]:8000"])
def test_port_of_a_service_link_names_kubernetes(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENHUB_PORT", text)
    with pytest.raises(ImproperlyConfigured) as caught:
        parts.listening_port()
    said = str(caught.value)
    assert said.startswith("GENHUB_PORT must be a whole number, such as 8000")
    assert "a Service called genhub" in said
    assert "enableServiceLinks: false" in said


@pytest.mark.parametrize("text", ["eighty", "8000.0", "0x50", "80 00", "0", "65535", "-1"])
def test_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENHUB_PORT", text)
    with pytest.raises(ImproperlyConfigured, match=r"^GENHUB_PORT must be"):
        parts.listening_port()


@pytest.mark.parametrize("text", ["", " 8000 "])
def test_port_that_is_empty_or_spaced_is_clear(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENHUB_PORT", text)
    assert parts.listening_port() == 8000


@pytest.mark.parametrize(("text", "wanted"), [("True", True), ("off", False), ("", True)])
def test_flag_is_yes_or_no(text: str, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURE_SSL_REDIRECT", text)
    assert parts.env.bool("SECURE_SSL_REDIRECT", default=True) is wanted


@pytest.mark.parametrize("text", ["ture", "enabled", "tcp://10.0.0.1:1", "2"])
def test_flag_that_is_a_typo_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURE_SSL_REDIRECT", text)
    with pytest.raises(ImproperlyConfigured, match=r"^SECURE_SSL_REDIRECT must be true or false"):
        parts.env.bool("SECURE_SSL_REDIRECT", default=True)


def test_production_does_not_read_where_up_listens(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """In Kubernetes a Service called genhub sets GENHUB_PORT; only `up` would use it."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "genhub.settings.production",
        "SECRET_KEY": "x" * 60,
        "PUBLIC_URL": "https://hub.example.com/",
        "DATABASE_URL": "postgres://u@127.0.0.1:1/name",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "GENHUB_PORT": "tcp://10.0.0.1:8000",
        "SECRET_KEY_FALLBACKS": f"{'y' * 60},{'z' * 60}",
    }
    hub = HubProcess(tmp_path_factory.mktemp("home"), settings=settings)
    # What was signed before the key was changed, twice, holds.
    signed = Signer(key="z" * 60, salt="storage.files").sign("a-file")
    line = (
        "from django.conf import settings; print(settings.PUBLIC_URL, settings.CSRF_TRUSTED_ORIGINS); "
        f"from django.core.signing import Signer; print(Signer(salt='storage.files').unsign('{signed}'))"
    )
    done = hub.run("shell", "-v0", "-c", line)
    wanted = "https://hub.example.com ['https://hub.example.com']\na-file"
    assert done.stdout.strip() == wanted, done.stderr
