"""What edits cost: nothing until a price rule names them; then each is paid once, when its picture is there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Hold, PriceRule, Purse, Transfer
from genhub.platforms.models import Platform
from storage.edits import editing
from storage.models import Edit, UploadFolder
from tests.api.refusals import check_problem, refused
from tests.api.test_edits import FLIP, address, edit, made, upload
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]


@pytest.fixture
def carol(client_of: Callable[..., APIClient]) -> APIClient:
    return client_of("carol")


def set_price(**words: Any) -> None:
    PriceRule.objects.create(name="Edits", media_type="edit", **words)


def quote(client: APIClient, picture: str, *operations: dict[str, Any]) -> Any:
    return client.post(
        f"{address(picture)}/quote", {"operations": operations}, format="json"
    ).json()


def test_edits_are_free_until_a_rule_names_them(alice: APIClient) -> None:
    PriceRule.objects.create(name="Everything", amount=7)
    picture = upload(alice)
    free = quote(alice, picture, {"action": "resize", "width": 32})
    assert (free["price"], free["decided_by"]["origin"], free["affordable"]) == (0, "free", True)
    assert (free["width"], free["height"]) == (32, 24)
    assert made(edit(alice, picture, FLIP))["price"] == 0
    assert Hold.objects.count() == 0


def test_another_platforms_price_of_edits_is_none_of_ours(alice: APIClient, shop: Platform) -> None:
    picture = upload(alice)
    elsewhere = Platform.objects.create(code="elsewhere", name="Elsewhere")
    set_price(amount=7, platform=elsewhere)
    assert quote(alice, picture, FLIP)["price"] == 0
    set_price(amount=3, platform=shop)
    assert quote(alice, picture, FLIP)["price"] == 3


def test_priced_edit_is_paid_once_and_told(carol: APIClient, rich: Callable[..., Purse]) -> None:
    set_price(amount=3)
    picture = upload(carol)
    rich("carol", 10)
    assert quote(carol, picture, FLIP)["price"] == 3
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    body = made(edit(carol, picture, FLIP, headers=key))
    assert made(edit(carol, picture, FLIP, headers=key))["price"] == 3
    purse = Purse.objects.get(user="carol")
    assert (purse.available, purse.held) == (7, 0)
    entries = carol.get("/api/v1/credits/entries").json()["items"]
    kinds = [(e["kind"], e["task"], e["artifact"], e["reason_code"]) for e in entries]
    assert kinds[:2] == [("capture", None, body["id"], "edit"), ("hold", None, body["id"], "edit")]
    assert kinds[2][1:3] == (None, None)
    preview = edit(carol, picture, FLIP, query="?preview=true")
    assert preview.status_code == 200
    assert Purse.objects.get(user="carol").available == 7


def test_edit_that_cannot_be_paid_is_refused_before_it_is_drawn(
    carol: APIClient, rich: Callable[..., Purse], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_price(amount=3)
    picture = upload(carol)
    rich("carol", 2)
    monkeypatch.setattr(editing, "draw_edit", lambda plan: pytest.fail("drawn"))
    body = {"operations": [FLIP]}
    refused(carol, address(picture), body=body, expect=(402, "insufficient_credits"))
    told = quote(carol, picture, FLIP)
    assert (told["affordable"], told["refusal"]) == (False, "insufficient_credits")
    assert Transfer.objects.filter(kind="hold").count() == 0


def test_files_go_when_credits_were_spent_meanwhile(
    carol: APIClient, rich: Callable[..., Purse], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_price(amount=3)
    picture = upload(carol)
    purse = rich("carol", 3)
    draw = editing.draw_edit

    def draw_and_spend(plan: Any) -> Any:
        ledger.adjust(purse.pk, -1, key="meanwhile", why=ledger.Why("tests", "spent"))
        return draw(plan)

    monkeypatch.setattr(editing, "draw_edit", draw_and_spend)
    check_problem(edit(carol, picture, FLIP), 402, "insufficient_credits")
    assert Edit.objects.count() == 0
    [row] = UploadFolder.objects.all()
    assert default_storage.listdir(row.folder)[1] == []
