"""How much a key may ask, and from where, is staff's to change; a new secret needs a right of its own."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from genhub.platforms.models import ApiKey, Plan, Platform
from tests.admin.conftest import Hire
from tests.admin.test_keys_and_staff import KEY, balance, make_key

pytestmark = pytest.mark.django_db


def page(name: str, key: ApiKey) -> str:
    return reverse(f"admin:platforms_apikey_{name}", args=[key.pk])


@pytest.fixture
def key(shop: Platform) -> ApiKey:
    return ApiKey.objects.issue(shop, name="web", user="bob")[0]


def test_limits_and_networks_are_set_and_changed(boss: Client, shop: Platform) -> None:
    words = {"networks": "203.0.113.7\n2001:db8::/32, 198.51.100.0/24", "reads_per_minute": "5"}
    assert make_key(boss, shop, **words).status_code == 200
    row = ApiKey.objects.get()
    assert row.networks == ["203.0.113.7/32", "2001:db8::/32", "198.51.100.0/24"]
    assert (row.reads_per_minute, row.writes_per_minute) == (5, None)
    html = boss.get(page("change", row)).content.decode()
    assert "203.0.113.7/32\n2001:db8::/32" in html
    assert "in force: 5 reads, 1200 writes" in html
    Platform.objects.update(plan=Plan.objects.create(code="gold", name="G", writes_per_minute=7))
    assert "in force: 5 reads, 7 writes" in boss.get(page("change", row)).content.decode()
    changed = {"networks": "", "reads_per_minute": "", "writes_per_minute": "0"}
    assert boss.post(page("change", row), changed).status_code == 302
    row.refresh_from_db()
    assert (row.networks, row.reads_per_minute, row.writes_per_minute) == ([], None, 0)
    assert "in force: 6000 reads, ∞ writes" in boss.get(page("change", row)).content.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"networks": "203.0.113.7/24"}, "is no address and no network"),
        ({"networks": "example.com"}, "is no address and no network"),
        ({"networks": "::ffff:203.0.113.7"}, "is no address and no network"),
        ({"networks": " ".join(f"10.0.0.{n}" for n in range(101))}, "At most 100."),
        ({"reads_per_minute": "-1"}, "greater than or equal to 0"),
        ({"writes_per_minute": "1000001"}, "less than or equal to 1000000"),
    ],
)
def test_wrong_limits_are_refused_in_words(
    boss: Client, key: ApiKey, words: dict[str, str], said: str
) -> None:
    answer = boss.post(page("change", key), words)
    assert said in answer.content.decode()
    key.refresh_from_db()
    assert (key.networks, key.reads_per_minute) == ([], None)


def rotate(client: Client, row: ApiKey, hours: Any) -> Any:
    return client.post(page("rotate", row), {"hours": hours})


def test_a_new_secret_is_shown_once_and_the_earlier_one_works_on(
    hire: Hire, shop: Platform
) -> None:
    row, old = ApiKey.objects.issue(shop, name="web", user="bob")
    client = hire("platforms.view_apikey", "platforms.rotate_apikey")
    asked = client.get(page("rotate", row)).content.decode()
    assert 'value="24"' in asked
    for wrong in ("", "-1", "721", "x"):
        assert not KEY.search(rotate(client, row, wrong).content.decode())
    answer = rotate(client, row, 2)
    assert "no-store" in answer["Cache-Control"]
    [new] = set(KEY.findall(answer.content.decode()))
    assert balance(old).status_code == balance(new).status_code == 200
    html = client.get(page("change", row)).content.decode()
    assert new[:11] in html
    assert not KEY.search(html)
    history = client.get(page("history", row)).content.decode()
    assert "the earlier one works for 2 more hours" in history
    assert not KEY.search(history)
    [newest] = set(KEY.findall(rotate(client, row, 0).content.decode()))
    # The one of the change before this ends with it.
    assert [balance(each).status_code for each in (old, new, newest)] == [401, 401, 200]


def test_each_deed_needs_its_right(hire: Hire, key: ApiKey) -> None:
    viewer = hire("platforms.view_apikey", name="erin")
    changer = hire("platforms.view_apikey", "platforms.change_apikey", name="frank")
    for client in (viewer, changer):
        assert rotate(client, key, 1).status_code == 403
    assert viewer.post(page("change", key), {"reads_per_minute": "1"}).status_code == 403
    assert changer.post(page("change", key), {"reads_per_minute": "1"}).status_code == 302
    rotator = hire("platforms.view_apikey", "platforms.rotate_apikey", name="grace")
    assert rotator.post(page("change", key), {"reads_per_minute": "2"}).status_code == 403
    assert rotator.post(page("revoke", key)).status_code == 403
    key.refresh_from_db()
    assert (key.reads_per_minute, key.previous_prefix, key.revoked_at) == (1, None, None)


def test_a_platforms_mark_of_low_credits_is_set(boss: Client, shop: Platform) -> None:
    address = reverse("admin:platforms_platform_change", args=[shop.pk])
    words = {"name": "Shop", "language": "en", "time_zone": "UTC", "is_active": "on", "moderation": "block", "unjudged": "block"}  # fmt: skip
    assert (
        "greater than or equal to 1"
        in boss.post(address, words | {"low_credits": "0"}).content.decode()
    )
    assert boss.post(address, words | {"low_credits": "500"}).status_code == 302
    shop.refresh_from_db()
    assert shop.low_credits == 500
