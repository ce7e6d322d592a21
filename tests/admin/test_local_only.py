"""What must stay in the house is said on platforms, keys and templates, found by it, and shown on the task."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Task
from genhub.platforms.models import ApiKey, Platform, Scope
from templates.models import Template
from tests.admin.test_keys_and_staff import KEY

pytestmark = pytest.mark.django_db
ORDER = {"prompt": "a star"}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def order(key: str) -> Any:
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client.post("/api/v1/generate", ORDER | {"user": "bob"}, format="json")


def names_of(client: Client, name: str, **words: str) -> str:
    answer = client.get(page(name), words)
    assert answer.status_code == 200
    return " ".join(str(row) for row in answer.context["cl"].result_list)


def test_platform_is_kept_in_the_house_by_its_page(
    boss: Client, shop: Platform, stub: Account, alice: APIClient
) -> None:
    Platform.objects.create(code="other", name="Other")
    words = {"name": "Shop", "language": "en", "time_zone": "UTC", "is_active": "on", "moderation": "block", "unjudged": "block"}  # fmt: skip
    assert boss.post(page("platforms_platform_change", shop.pk), words | {"local_only": "on"}).status_code == 302  # fmt: skip
    shop.refresh_from_db()
    assert shop.local_only
    assert names_of(boss, "platforms_platform_changelist", local_only__exact="1") == "Shop"
    answer = alice.post("/api/v1/generate", ORDER, format="json")
    assert answer.json()["errors"][0]["code"] == "leaves_the_house"


def test_key_is_kept_in_the_house_from_its_making_on(
    boss: Client, shop: Platform, stub: Account
) -> None:
    values = {"platform": shop.pk, "name": "web", "user": "bob", "scopes": [Scope.TASKS_WRITE]}
    made = boss.post(page("platforms_apikey_add"), values | {"local_only": "on"})
    key = KEY.findall(made.content.decode())[0]
    row = ApiKey.objects.get()
    assert row.local_only
    assert order(key).json()["errors"][0]["code"] == "leaves_the_house"
    boss.post(page("platforms_apikey_add"), values | {"name": "free"})
    assert str(row) == names_of(boss, "platforms_apikey_changelist", local_only__exact="1")
    assert "Stays in the house" in boss.get(page("platforms_apikey_change", row.pk)).content.decode()  # fmt: skip


def test_key_of_the_command_line_stays_in_the_house_when_told(capsys: Any) -> None:
    call_command("issue_key", "press", "--local-only")
    call_command("issue_key", "press")
    assert list(ApiKey.objects.order_by("created_at").values_list("local_only", flat=True)) == [True, False]  # fmt: skip


@pytest.mark.usefixtures("recipes")
def test_template_is_kept_in_the_house_by_its_page(boss: Client, stub: Account) -> None:
    template = Template.objects.get(code="shape")
    words = {"is_active": "on", "local_only": "on"}
    assert boss.post(page("templates_template_change", template.pk), words).status_code == 302
    template.refresh_from_db()
    assert template.local_only
    assert names_of(boss, "templates_template_changelist", local_only__exact="1") == "shape"


def test_task_says_that_it_stays_in_the_house(
    boss: Client, shop: Platform, alice: APIClient, stub: Account
) -> None:
    Account.objects.update(is_in_house=True)
    Platform.objects.update(local_only=True)
    assert alice.post("/api/v1/generate", ORDER, format="json").status_code == 202
    Platform.objects.update(local_only=False)
    alice.post("/api/v1/generate", ORDER, format="json")
    kept = Task.objects.get(local_only=True)
    assert names_of(boss, "generation_task_changelist", local_only__exact="1") == str(kept)
    assert "Stays in the house" in boss.get(page("generation_task_change", kept.pk)).content.decode()  # fmt: skip
