"""Single sign-on by OpenID Connect, before a provider of real HTTP: who is let in, and who never, whatever it says."""

from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from genhub.settings.single_sign_on import BACKEND
from genhub.users.models import Identity, StaffSession, User
from genhub.users.single_sign_on import provider as ours
from tests.admin.oidc import CLIENT, KEY, KID, OTHER_KEY, SECRET, Provider, answering, public
from tests.admin.phones import INDEX, LOGIN, OWN, history, is_in, set_up, text

pytestmark = pytest.mark.django_db
BEGIN, CALLBACK = reverse("oidc-begin"), reverse("oidc-callback")


@pytest.fixture
def provider(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    def never(*words: Any, **more: Any) -> None:
        raise AssertionError("the library called an address by itself")

    monkeypatch.setattr(requests.Session, "request", never)
    with answering(Provider()) as provider:
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = provider.url, CLIENT
        settings.OIDC_CLIENT_SECRET, settings.OIDC_NAME = SECRET, "Company login"
        settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, BACKEND]
        ours.DISCOVERED.clear()
        yield provider


@pytest.fixture
def dave(db: None) -> User:
    return User.objects.create_user("dave", is_staff=True)


def begin(provider: Provider, client: Client, wanted: str = "") -> dict[str, str]:
    """Be sent to the provider, and return what was brought there."""
    answer = client.get(BEGIN, {"next": wanted} if wanted else {})
    assert answer.status_code == 302
    return provider.open(answer["Location"])


def come_back(client: Client, brought: dict[str, str], **words: str) -> Any:
    return client.get(CALLBACK, {"code": "code-1", "state": brought["state"]} | words)


def sign_in(provider: Provider, client: Client | None = None) -> tuple[Client, Any]:
    """Sign in by the provider."""
    client = client or Client()
    return client, come_back(client, begin(provider, client))


def is_refused(client: Client, answer: Any) -> bool:
    """Return whether nobody was let in, and a sentence said so on the first page."""
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    said = text(client.get(LOGIN))
    assert "Company login did" in said or "Company login does" in said
    return not is_in(client)


def test_somebody_with_an_account_is_let_in(provider: Provider, dave: User) -> None:
    client = Client()
    assert "Sign in with Company login" in text(client.get(LOGIN))
    brought = begin(provider, client, OWN)
    assert brought["scope"] == "openid profile email"
    assert (brought["response_type"], brought["code_challenge_method"]) == ("code", "S256")
    assert brought["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert min(len(brought[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    assert come_back(client, brought)["Location"] == OWN
    assert is_in(client)
    assert client.session.get_expire_at_browser_close() is False
    assert client.session.get_expiry_age() > 24 * 3600
    assert StaffSession.objects.get().user == dave
    identity = Identity.objects.get()
    assert (identity.user, identity.issuer, identity.subject) == (dave, provider.url, "u-1")
    assert history("dave") == ["Linked with single sign-on."]
    assert [path for path, _words in provider.asked] == ["/.well-known/openid-configuration", "/token", "/jwks"]  # fmt: skip


def test_it_is_off_until_it_is_configured(db: None, dave: User) -> None:
    client = Client()
    for address in (BEGIN, CALLBACK, f"{CALLBACK}?code=x&state=y"):
        assert client.get(address).status_code == 404
    assert "single-sign-on" not in client.get(LOGIN).content.decode()


def encode_none(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", "none", headers={"kid": KID})


def encode_by_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SECRET.ljust(32, "x"), "HS256", headers={"kid": KID})


def encode_by_another(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, OTHER_KEY, "RS256", headers={"kid": KID})


def encode_by_nobody(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, KEY, "RS256", headers={"kid": "key-9"})


def change(claims: dict[str, Any]) -> str:
    """Sign one thing, and say another."""
    head, _body, signature = jwt.encode(claims, KEY, "RS256", headers={"kid": KID}).split(".")
    body = jwt.encode(claims | {"sub": "u-2"}, KEY, "RS256").split(".")[1]
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"nonce": None}, {"nonce": ""}, {"aud": "another-client"}, {"aud": None}, {"aud": []},
        {"aud": [CLIENT, "another"], "azp": "another"}, {"aud": [CLIENT, "another"]}, {"azp": "another"},
        {"iss": "https://evil.example"}, {"iss": None}, {"exp": 1}, {"exp": None}, {"exp": "soon"}, {"iat": None},
        {"iat": 10**11}, {"nbf": 10**11}, {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": "a\0b"},
    ],
    ids=str,
)  # fmt: skip
def test_no_token_is_believed_that_is_not_of_this_sign_in(
    provider: Provider, dave: User, lies: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    provider.lies = lies
    assert is_refused(*sign_in(provider))
    assert not Identity.objects.exists()
    assert any("single sign-on from 127.0.0.1 refused" in line.getMessage() for line in caplog.records)  # fmt: skip


@pytest.mark.parametrize(
    "encode",
    [
        encode_none, encode_by_secret, encode_by_another, encode_by_nobody, change,
        lambda claims: "a.b.c", lambda claims: "", lambda claims: None, lambda claims: 7,
        lambda claims: "<html>", lambda claims: jwt.encode(claims, KEY, "RS256"),
    ],
)  # fmt: skip
def test_no_signature_is_believed_but_the_providers(
    provider: Provider, dave: User, encode: Callable[[dict[str, Any]], Any]
) -> None:
    provider.encode = encode
    assert is_refused(*sign_in(provider))
    assert not Identity.objects.exists()


@pytest.mark.parametrize(
    "keys",
    [
        [], "none", [7], [public(KEY), public(OTHER_KEY)], [public(KEY, use="enc")], [public(KEY, alg="RS512")],
        [{"kty": "oct", "kid": KID, "k": "AAAA"}], [{"kid": KID}],
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_prove_nothing(provider: Provider, dave: User, keys: Any) -> None:
    provider.keys = keys
    assert is_refused(*sign_in(provider))


HTML = (200, b"<html><title>Sign in</title>")


@pytest.mark.parametrize("path", ["/token", "/jwks", "/.well-known/openid-configuration"])
@pytest.mark.parametrize(
    "said", [HTML, (500, b"{}"), (302, b""), (200, b"[]"), (200, b"[" * 99_999), (200, b"{" + b" " * 300_000 + b"}")],
    ids=lambda said: f"{said[0]}-{said[1][:6]!r}",
)  # fmt: skip
def test_a_provider_that_answers_otherwise_lets_nobody_in(
    provider: Provider, dave: User, path: str, said: tuple[int, bytes]
) -> None:
    provider.answers = {path: said}
    client = Client()
    if "configuration" in path:
        assert is_refused(client, client.get(BEGIN))
    else:
        assert is_refused(client, come_back(client, begin(provider, client)))


@pytest.mark.parametrize(
    "documents",
    [
        {"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": None},
        {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"jwks_uri": "https://169.254.169.254/keys"}, {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://u:p@evil.example/"}, {"token_endpoint": ["https://a.example"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_provider_that_names_other_places_is_not_asked(
    provider: Provider, dave: User, documents: dict[str, Any]
) -> None:
    provider.documents = documents
    client = Client()
    assert is_refused(client, client.get(BEGIN))
    assert len(provider.asked) == 1


def test_a_provider_that_is_away_is_told_of(
    provider: Provider, dave: User, settings: Settings
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    client = Client()
    assert is_refused(client, client.get(BEGIN))
    assert "sign in by password" in text(client.get(BEGIN, follow=True))


def test_a_state_is_good_once_and_in_this_browser(provider: Provider, dave: User) -> None:
    client, other = Client(), Client()
    brought = begin(provider, client)
    for someone, words in (
        (other, {}), (client, {"state": "x"}), (client, {"state": ""}), (client, {"code": ""}),
    ):  # fmt: skip
        assert is_refused(someone, come_back(someone, brought, **words))
    # The last of these used it up.
    brought = begin(provider, client)
    assert come_back(client, brought)["Location"] == INDEX
    client.post(reverse("admin:logout"))
    assert is_refused(client, come_back(client, brought))


def test_pkce_binds_the_code_to_this_browser(provider: Provider, dave: User) -> None:
    client, thief = Client(), Client()
    mine, theirs = begin(provider, client), begin(provider, thief)
    # The thief's own state with a code that was made for the other's challenge.
    provider.wanted = mine
    assert is_refused(thief, come_back(thief, theirs))
    sent = [words for path, words in provider.asked if path == "/token"]
    assert len(sent[0]["code_verifier"]) >= 43


def test_an_error_of_the_provider_signs_nobody_out(provider: Provider, boss: Client) -> None:
    answer = boss.get(CALLBACK, {"error": "access_denied", "state": "x"})
    assert answer.status_code == 302
    assert is_in(boss)
    client = Client()
    brought = begin(provider, client)
    assert is_refused(
        client, client.get(CALLBACK, {"error": "<b>no</b>", "state": brought["state"]})
    )
    assert is_refused(client, come_back(client, brought))


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_leads_to_this_site_alone(provider: Provider, dave: User, wanted: str) -> None:
    client = Client()
    assert come_back(client, begin(provider, client, wanted))["Location"] == INDEX


def test_sign_ins_that_one_address_begins_are_bounded(provider: Provider) -> None:
    client = Client()
    answers = [client.get(BEGIN) for _ in range(61)]
    assert answers[59]["Location"].startswith(provider.url)
    assert answers[60]["Location"] == LOGIN
    assert 0 < int(answers[60]["Retry-After"]) <= 60
    assert client.session.get_expiry_age() <= 900


def test_who_leaves_the_provider_is_out_when_it_is_switched_off(
    provider: Provider, dave: User, settings: Settings
) -> None:
    client, _answer = sign_in(provider)
    assert is_in(client)
    settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[:1]
    assert not is_in(client)


def test_the_second_step_of_ones_own_is_asked_for(
    provider: Provider, dave: User, settings: Settings
) -> None:
    settings.SECOND_STEP_REQUIRED = True
    client, _answer = sign_in(provider)
    # The provider asks for its own, so nobody must have one here.
    assert is_in(client)
    set_up(client)
    again, _answer = sign_in(provider)
    assert again.get(OWN)["Location"].startswith(reverse("admin:users_user_second_step"))


def test_passwords_are_as_before(provider: Provider) -> None:
    User.objects.create_user("erin", password="correct horse battery", is_staff=True)
    client = Client()
    words = {"username": "erin", "password": "correct horse battery"}
    assert client.post(LOGIN, words | {"password": "x"}).status_code == 200
    assert client.post(LOGIN, words).status_code == 302
    assert is_in(client)
    assert provider.asked == []
