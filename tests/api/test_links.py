"""Share links: open to whoever has them, counted one by one, and over when time, uses or owner say so."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db.models.functions import Now
from django.test import Client
from rest_framework.test import APIClient

from genhub.platforms.models import IdempotencyKey
from genhub.retention.turns import delete_old
from storage.models import Artifact, ShareLink
from storage.withholding import give_back, withhold
from tests.api.refusals import check_problem, refused
from tests.api.test_edits import FLIP, edit, made, upload
from tests.api.test_uploads import UPLOAD
from tests.races import together
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]

INVALID = (400, "invalid_request")


def address(picture: str) -> str:
    return f"{UPLOAD}/{picture}/links"


def share(client: APIClient, picture: str, headers: Any = None, **words: Any) -> dict[str, Any]:
    answer = client.post(address(picture), words, format="json", **(headers or {}))
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def local_part(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def open_link(link: dict[str, Any], **headers: str) -> Any:
    """Open a link as a browser without a key does."""
    return Client().get(local_part(link["url"]), headers=headers)


def follow(answer: Any, **headers: str) -> Any:
    assert answer.status_code == 302, answer.content
    return Client().get(local_part(answer["Location"]), headers=headers)


def test_link_opens_the_picture_to_whoever_has_it(alice: APIClient) -> None:
    picture = upload(alice)
    link = share(alice, picture)
    assert (link["state"], link["uses"], link["most_uses"], link["artifact"]) == (
        "open",
        0,
        None,
        picture,
    )
    opened = open_link(link)
    assert opened["Cache-Control"] == "no-store"
    file = follow(opened)
    assert (file.status_code, file["Content-Type"]) == (200, "image/webp")
    assert file["Content-Disposition"] == f'inline; filename="{picture}.webp"'
    assert "immutable" in file["Cache-Control"]
    again = follow(open_link(link), **{"If-None-Match": file["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    [listed] = alice.get(address(picture)).json()["items"]
    assert listed == {**link, "uses": 2}
    assert Artifact.objects.get().used_at is not None, "it does not go with unused uploads"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "海报 春"}, "inline; filename*=utf-8''海报 春.webp"),
        ({"name": "a.WEBP", "download": True}, 'attachment; filename="a.WEBP"'),
        ({"name": "it's a.png"}, 'inline; filename="it\'s a.png.webp"'),
    ],
)
def test_file_is_called_as_its_owner_said(alice: APIClient, words: Any, said: str) -> None:
    file = follow(open_link(share(alice, upload(alice), **words)))
    assert file.status_code == 200
    assert unquote(file["Content-Disposition"]) == said


def test_picture_is_saved_under_the_name_that_is_asked_for(alice: APIClient) -> None:
    picture = upload(alice)
    for tail, ending in (("", "webp"), ("/thumbnail", "jpg")):
        file = follow(alice.get(f"{UPLOAD}/{picture}{tail}", {"filename": "海报"}))
        assert unquote(file["Content-Disposition"]) == f"attachment; filename*=utf-8''海报.{ending}"
    for wrong in ("", " ", "a/b", "a\r\nb", "x" * 151):
        answer = alice.get(f"{UPLOAD}/{picture}", {"filename": wrong})
        check_problem(answer, 400, "invalid_request", "filename")


def test_nobody_changes_what_a_signed_file_is_called(alice: APIClient) -> None:
    path = local_part(open_link(share(alice, upload(alice), name="bill"))["Location"])
    assert Client().get(path).status_code == 200
    assert Client().get(path.replace("bill", "evil")).status_code == 403
    assert Client().get(path.partition("&disposition")[0]).status_code == 403


def test_link_that_was_used_up_answers_410_in_both_languages(alice: APIClient) -> None:
    link = share(alice, upload(alice), most_uses=2)
    assert [open_link(link).status_code for _ in range(4)] == [302, 302, 410, 410]
    spent = open_link(link, **{"Accept-Language": "zh-hans"})
    assert "失效" in spent.content.decode()
    assert spent["Cache-Control"] == "no-store"
    [listed] = alice.get(address(link["artifact"])).json()["items"]
    assert (listed["state"], listed["uses"]) == ("spent", 2)


@pytest.mark.django_db(transaction=True)
def test_no_more_uses_than_were_allowed_however_many_come_at_once(alice: APIClient) -> None:
    link = share(alice, upload(alice), most_uses=5)
    [answers] = together(*[lambda: open_link(link).status_code] * 12)
    assert (answers.count(302), answers.count(410)) == (5, 7)
    assert ShareLink.objects.get().uses == 5


def test_link_is_over_when_its_time_is(alice: APIClient) -> None:
    link = share(alice, upload(alice), expires_in=60)
    assert open_link(link).status_code == 302
    ShareLink.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert open_link(link).status_code == 410
    [listed] = alice.get(address(link["artifact"])).json()["items"]
    assert (listed["state"], listed["uses"]) == ("expired", 1)


def test_owner_ends_a_link(alice: APIClient, client_of: Callable[..., APIClient]) -> None:
    picture = upload(alice)
    link, other = share(alice, picture), share(alice, picture)
    path = f"{address(picture)}/{link['id']}"
    refused(client_of("bob"), path, method="delete", expect=(404, "not_found"))
    assert open_link(link).status_code == 302
    assert [alice.delete(path).status_code for _ in range(2)] == [204, 204]
    assert (open_link(link).status_code, open_link(other).status_code) == (410, 302)
    states = [one["state"] for one in alice.get(address(picture)).json()["items"]]
    assert states == ["open", "revoked"]
    for wrong in ("lnk_1", other["id"].replace("lnk", "art"), f"lnk_{'0' * 32}"):
        refused(alice, f"{address(picture)}/{wrong}", method="delete", expect=(404, "not_found"))
    elsewhere = f"{address(upload(alice))}/{other['id']}"
    refused(alice, elsewhere, method="delete", expect=(404, "not_found"))


def test_address_that_was_never_given_is_404(alice: APIClient) -> None:
    link = share(alice, upload(alice))
    path = local_part(link["url"])
    wire_id, signature = path.split("/")[-2:]
    others: Sequence[str] = (
        path[:-1], path + "x", path.replace(wire_id, f"lnk_{'0' * 32}"), f"/s/{wire_id}/x", f"/s/x/{signature}",
    )  # fmt: skip
    assert [Client().get(one).status_code for one in others] == [404] * len(others)
    assert ShareLink.objects.get().uses == 0
    assert Client().head(path).status_code == 405, "it would give an address uncounted"
    assert Client().post(path).status_code == 405


def test_link_goes_with_its_picture(alice: APIClient) -> None:
    link = share(alice, upload(alice))
    Artifact.objects.all().delete()
    assert open_link(link).status_code == 410


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"expires_in": 59}, "expires_in", "min_value"), ({"expires_in": 366 * 86_400 + 1}, "expires_in", "max_value"),
        ({"expires_in": "60"}, "expires_in", "invalid"), ({"most_uses": 0}, "most_uses", "min_value"),
        ({"most_uses": 1_000_001}, "most_uses", "max_value"), ({"name": "a/b"}, "name", "invalid"),
        ({"name": "a\r\nSet-Cookie: b"}, "name", "invalid"), ({"name": ""}, "name", "blank"),
        ({"name": "x" * 151}, "name", "max_length"), ({"download": "yes"}, "download", "invalid"),
        ({"password": "x"}, "password", "unknown"),
    ],
)  # fmt: skip
def test_wrong_word_is_named(alice: APIClient, body: dict[str, Any], field: str, code: str) -> None:
    problem = refused(alice, address(upload(alice)), body=body, expect=(*INVALID, field))
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [(field, code)]
    assert ShareLink.objects.count() == 0


def test_only_the_owner_shares_and_lists(
    alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    picture, bob = upload(alice), client_of("bob")
    for method in ("post", "get"):
        refused(bob, address(picture), method=method, body={}, expect=(404, "not_found"))
    share(client_of(""), picture)
    assert len(alice.get(address(picture)).json()["items"]) == 1


def test_same_key_and_words_make_one_link(alice: APIClient) -> None:
    picture = upload(alice)
    key: Any = {"HTTP_IDEMPOTENCY_KEY": "k"}
    first = share(alice, picture, key, most_uses=3)
    assert share(alice, picture, key, most_uses=3) == first
    words: dict[str, Any] = {"format": "json", **key}
    other = alice.post(address(picture), {"most_uses": 4}, **words)
    check_problem(other, 422, "idempotency_key_reused")
    assert ShareLink.objects.count() == 1


def test_ended_links_are_deleted_after_a_while(alice: APIClient) -> None:
    picture = upload(alice)
    for days, key in ((29, "a"), (31, "b")):
        link = share(alice, picture, {"HTTP_IDEMPOTENCY_KEY": key})
        row = ShareLink.objects.filter(pk=link["id"].removeprefix("lnk_"))
        row.update(expires_at=Now() - timedelta(days=days))
    delete_old()
    assert (ShareLink.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_what_is_withheld_is_gone_with_its_edits_and_links(alice: APIClient) -> None:
    picture = upload(alice)
    edited = made(edit(alice, picture, FLIP))["id"]
    further = made(edit(alice, edited, FLIP))["id"]
    links = [share(alice, each) for each in (picture, further)]
    key = Artifact.objects.get(edit=None).key
    assert len(withhold(key)) == 3
    assert [open_link(link).status_code for link in links] == [410, 410]
    assert {alice.get(f"{UPLOAD}/{each}").status_code for each in (picture, edited, further)} == {404}  # fmt: skip
    give_back(key)
    assert open_link(links[1]).status_code == 302
