"""The playground: for staff who may make keys, with a token of a key that they choose, for its own origin alone."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Platform, Scope
from genhub.users.models import User

pytestmark = pytest.mark.django_db
PAGE, TOKEN = "/playground/", "/playground/token"


@pytest.fixture
def carol(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("carol"))
    return client


def test_page_and_token_are_for_those_who_may_make_keys(client: Client, shop: Platform) -> None:
    ApiKey.objects.issue(shop, name="web", user="alice")
    for method, address in ((client.get, PAGE), (client.post, TOKEN)):
        assert method(address).status_code == 302
    client.force_login(User.objects.create_user("dora", is_staff=True))
    for method, address in ((client.get, PAGE), (client.post, TOKEN)):
        assert method(address).status_code == 403
    assert not tokens.list_tokens(shop.pk, None).exists()


def test_token_speaks_for_the_user_of_the_chosen_key(carol: Client, shop: Platform) -> None:
    own = ApiKey.objects.issue(shop, name="alice's", user="alice")[0]
    shared = ApiKey.objects.issue(shop, name="shop's")[0]
    ApiKey.objects.issue(shop, name="reader", user="bob", scopes=[Scope.TASKS_READ])
    # One user's key first, though the other is newer.
    for query, user, key in (("", "alice", own), (f"?key={shared.pk}", "playground", shared),
                             (f"?key={shared.pk}&user=bea", "bea", shared),
                             (f"?key={own.pk}&user=bea", "alice", own)):  # fmt: skip
        page = carol.get(PAGE + query).content.decode()
        assert f"{TOKEN}?key={key.pk}&amp;user={user}" in page
        answer = carol.post(TOKEN + query, headers={"host": "localhost:8000"})
        found = tokens.find(answer.json()["token"])
        assert found is not None
        assert (found.user, found.key, found.origins) == (user, key, ["http://localhost:8000"])
        assert answer["Cache-Control"].count("no-store")


@pytest.mark.usefixtures("stub")
def test_it_works_with_what_a_first_start_makes(client: Client, settings: Any) -> None:
    settings.SECRETS = {"admin_password": "correct horse battery"}
    call_command("seed")
    # As the demo does.
    call_command("issue_key", "demo", user="demo", grant=100)
    assert client.login(username="admin", password="correct horse battery")
    page = client.get(PAGE, headers={"host": "localhost:8000"}).content.decode()
    [address] = re.findall(r'token-url="([^"]+)"', page)
    token = client.post(unescape(address), headers={"host": "localhost:8000"}).json()["token"]
    app = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_ORIGIN="http://localhost:8000")
    assert app.get("/api/v1/credits").json()["available"] == 100
    assert app.post("/api/v1/generate", {"prompt": "a star"}, format="json").status_code == 202


def test_what_no_key_can_do_is_said(carol: Client, shop: Platform) -> None:
    page = carol.get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert "There is no key yet that could order" in page
    assert "genhub-panel " not in page
    assert carol.post(TOKEN).status_code == 404
    ApiKey.objects.issue(shop, name="web", user="alice")
    assert carol.post(f"{TOKEN}?key=nonsense").status_code == 404
    assert carol.get(TOKEN).status_code == 405
    # No browser would send the token from here: it has no origin that is safe.
    refused = carol.post(TOKEN, headers={"host": "testserver"})
    assert refused.status_code == 400
    assert "https://host" in refused.json()["errors"][0]["message"]


def test_strangers_names_are_inert(carol: Client, shop: Platform) -> None:
    name = '"><script>alert(1)</script>'
    ApiKey.objects.issue(shop, name=name)
    page = carol.get(PAGE, {"user": name}).content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 2


def test_post_without_the_forms_secret_is_refused(shop: Platform) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("carol"))
    ApiKey.objects.issue(shop, name="web", user="alice")
    assert strict.post(TOKEN).status_code == 403
