"""Half a configuration of single sign-on, or one that would let strangers in, is an error that names it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from genhub.settings import single_sign_on as settings

CLIENT = {"OIDC_CLIENT_ID": "hub", "OIDC_CLIENT_SECRET": "s"}


def set_up(patch: pytest.MonkeyPatch, **words: str) -> None:
    for name in ("OIDC_ISSUER", "OIDC_GROUPS", *CLIENT):
        patch.delenv(name, raising=False)
    for name, value in words.items():
        patch.setenv(name, value)


def test_without_an_issuer_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, **CLIENT)
    assert settings.read_issuer() == ""
    assert settings.read_groups() == {}
    assert settings.BACKEND not in settings.AUTHENTICATION_BACKENDS


@pytest.mark.parametrize(
    "url",
    ["https://login.example.com/realms/hub", "https://accounts.example.com/", "http://127.0.0.1:8080/realms/hub",
     "http://10.1.2.3/hub"],
)  # fmt: skip
def test_an_issuer_is_taken_as_it_names_itself(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_up(monkeypatch, OIDC_ISSUER=f" {url} ", **CLIENT)
    assert settings.read_issuer() == url


@pytest.mark.parametrize(
    "url",
    ["http://login.example.com", "login.example.com", "ftp://login.example.com", "https://", "https://a.example/?x=1",
     "https://a.example/#x", "https://user:secret@a.example"],
)  # fmt: skip
def test_what_is_no_issuer_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_up(monkeypatch, OIDC_ISSUER=url, **CLIENT)
    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER must be an https://"):
        settings.read_issuer()


@pytest.mark.parametrize("missing", sorted(CLIENT))
def test_an_issuer_needs_a_client(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    words = {name: value for name, value in CLIENT.items() if name != missing}
    set_up(monkeypatch, OIDC_ISSUER="https://login.example.com", **words)
    with pytest.raises(ImproperlyConfigured, match=missing):
        settings.read_issuer()


def test_groups_are_read_by_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, OIDC_GROUPS="hub-editors=editor, cn=hub=owner")
    assert settings.read_groups() == {"hub-editors": "editor", "cn=hub": "owner"}


@pytest.mark.parametrize(
    "text", ["editors", "editors=", "=editor", "editors=Editor", "a=superuser", "a=editor,b"]
)
def test_groups_that_mean_no_role_are_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    set_up(monkeypatch, OIDC_GROUPS=text)
    with pytest.raises(ImproperlyConfigured, match="OIDC_GROUPS must be pairs"):
        settings.read_groups()
