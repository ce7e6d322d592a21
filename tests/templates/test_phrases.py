"""The phrases that help a prompt: told by purpose in both languages, and staff's once they are there."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from genhub.users.models import User
from templates.models import Phrase, Purpose
from templates.services import seed_phrases

pytestmark = pytest.mark.django_db
PHRASES = "/api/v1/phrases"


@pytest.fixture(autouse=True)
def seeded(db: None) -> None:
    assert seed_phrases() == Phrase.objects.count() == 20


def read(client: APIClient, language: str = "en") -> list[dict[str, str]]:
    answer = client.get(PHRASES, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    items: list[dict[str, str]] = answer.json()["items"]
    return items


def test_phrases_are_told_by_purpose_in_the_readers_language(alice: APIClient) -> None:
    told = read(alice)
    assert {one["purpose"] for one in told} == set(Purpose.values)
    assert [one["text"] for one in told if one["purpose"] == "photo"] == [
        "photorealistic", "DSLR", "natural lighting", "RAW photo",
    ]  # fmt: skip
    [zh] = [one for one in read(alice, "zh-hans") if one["text_en"] == "studio lighting"]
    assert (zh["text"], zh["text_zh"]) == ("影棚灯光", "影棚灯光")


def test_what_is_off_is_not_told_and_what_staff_changed_stays(alice: APIClient) -> None:
    Phrase.objects.filter(text_en="8K").update(is_active=False)
    Phrase.objects.filter(text_en="clean").update(text_en="tidy")
    assert seed_phrases() == 0
    told = {one["text_en"] for one in read(alice)}
    assert "tidy" in told
    assert not {"8K", "clean"} & told


def test_staff_add_a_phrase_once_for_a_purpose() -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("carol"))
    words = {
        "purpose": "product",
        "text_en": "soft shadow",
        "text_zh": "柔和阴影",
        "position": 9,
        "is_active": "on",
    }
    address = "/admin/templates/phrase/add/"
    assert staff.post(address, words).status_code == 302
    assert Phrase.objects.get(text_en="soft shadow").purpose == "product"
    page = staff.post(address, words).content.decode()
    assert "This purpose has this phrase already." in page
    assert staff.post(address, {**words, "purpose": "photo"}).status_code == 302
