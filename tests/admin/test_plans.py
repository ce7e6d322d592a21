"""Plans in the admin: made, given to platforms, never deleted."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from genhub.platforms.models import Plan, Platform
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db


def test_plan_is_made_and_given_to_a_platform(hire: Hire, shop: Platform) -> None:
    client = hire("platforms.add_plan", "platforms.view_plan", "platforms.view_platform",
                  "platforms.change_platform")  # fmt: skip
    values = {"code": "gold", "name": "Gold", "discount_percent": "12.5", "mode": "fine",
              "highest_priority": "normal"}  # fmt: skip
    assert client.post("/admin/platforms/plan/add/", values).status_code == 302
    plan = Plan.objects.get()
    assert (str(plan.discount_percent), plan.mode, plan.highest_priority) == (
        "12.50", "fine", "normal"
    )  # fmt: skip
    given = {
        "name": "Shop",
        "language": "en",
        "time_zone": "UTC",
        "moderation": "block",
        "unjudged": "block",
        "plan": plan.pk,
        "is_active": "on",
    }
    address = reverse("admin:platforms_platform_change", args=[shop.pk])
    assert client.post(address, given).status_code == 302
    shop.refresh_from_db()
    assert shop.plan == plan
    assert "12.5 %" in client.get("/admin/platforms/plan/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"discount_percent": "100.01"},
        {"discount_percent": "-1"},
        {"discount_percent": "NaN"},
        {"discount_percent": "1.001"},
        {"discount_percent": ""},
        {"mode": "slow"},
        {"highest_priority": "urgent"},
        {"code": "not a slug"},
        {"name": ""},
    ],
)
def test_wrong_plans_are_not_made(boss: Client, wrong: dict[str, str]) -> None:
    values = {"code": "gold", "name": "Gold", "discount_percent": "10", "mode": "",
              "highest_priority": "high"}  # fmt: skip
    answer = boss.post("/admin/platforms/plan/add/", values | wrong)
    assert list(answer.context["adminform"].form.errors) == list(wrong)
    assert not Plan.objects.exists()


def test_plan_keeps_its_code_and_is_never_deleted(boss: Client) -> None:
    plan = Plan.objects.create(code="gold", name="Gold")
    address = reverse("admin:platforms_plan_change", args=[plan.pk])
    values = {"code": "other", "name": "Golden", "discount_percent": "5", "mode": "",
              "highest_priority": "low"}  # fmt: skip
    assert boss.post(address, values).status_code == 302
    plan.refresh_from_db()
    assert (plan.code, plan.name, plan.highest_priority) == ("gold", "Golden", "low")
    delete: Any = reverse("admin:platforms_plan_delete", args=[plan.pk])
    assert boss.post(delete, {"post": "yes"}).status_code == 403
