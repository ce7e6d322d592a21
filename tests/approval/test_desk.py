"""Staff with the right see what waits, approve and reject it: one by one, or several with one reason."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from storage.models import Review, ReviewState
from storage.selectors import WAITING
from tests.approval.made import WHY, ask_approval, desk, draw, row_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
DESK = reverse("admin:storage_reviewedpicture_changelist")
RIGHT = "review_pictures"


def page(deed: str, picture: str) -> str:
    return reverse(f"admin:storage_reviewedpicture_{deed}", args=[row_of(picture).pk])


def choose(client: Client, action: str, pictures: list[str], reason: str = "") -> str:
    """Send the list's form, and return the page that answers."""
    chosen = [str(row_of(one).pk) for one in pictures]
    words = {"action": action, "_selected_action": chosen, "reason": reason, "index": "0"}
    answer = client.post(DESK, words, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def states(pictures: list[str]) -> list[str]:
    return [row_of(one).review for one in pictures]


@pytest.fixture
def three(alice: APIClient) -> list[str]:
    ask_approval()
    return [image["id"] for image in draw(alice, "a <b>star</b>", num_images=3)]


def test_desk_shows_what_waits_as_pictures_to_those_who_may(three: list[str]) -> None:
    dora = desk("dora", RIGHT)
    shown = dora.get(DESK).content.decode()
    assert shown.count('<a class="hub-pictures') == 3
    assert "a &lt;b&gt;star&lt;/b&gt;" in shown
    assert "alice @ " in shown
    for rights in ([], ["view_artifact", "decide_findings"]):
        eve = desk(f"eve{len(rights)}", *rights)
        assert eve.get(DESK).status_code == 403
        assert eve.post(page("reject", three[0]), {"reason": WHY}).status_code == 403
    looks = desk("lena", "view_reviewedpicture")
    assert looks.get(page("change", three[0])).status_code == 200
    assert looks.post(page("approve", three[0]), {"seen": "waiting"}).status_code == 403
    choose(looks, "approve_chosen", three)
    assert states(three) == ["waiting"] * 3


def test_several_are_decided_with_one_reason(three: list[str]) -> None:
    dora = desk("dora", RIGHT)
    first, second, third = three
    assert "1 picture was approved" in choose(dora, "approve_chosen", [first])
    short = choose(dora, "reject_chosen", [second, third], "ugly")
    assert "give a reason" in short
    assert states(three) == ["approved", "waiting", "waiting"]
    said = choose(dora, "reject_chosen", three, WHY)
    assert "2 pictures were rejected" in said
    assert "1 was decided before" not in said, "the list holds what waits alone"
    assert states(three) == ["approved", "rejected", "rejected"]
    assert [row.reason for row in Review.objects.filter(state="rejected")] == [WHY, WHY]
    logged = LogEntry.objects.filter(change_message=f"rejected: {WHY}")
    assert {row.object_id for row in logged} == {str(row_of(one).pk) for one in (second, third)}
    assert 'class="hub-pictures' not in dora.get(DESK).content.decode()
    assert dora.get(f"{DESK}?review=rejected").content.decode().count("hub-pictures") == 2
    assert dora.get(f"{DESK}?review=all").content.decode().count("hub-pictures") == 3


def test_one_is_decided_with_its_picture_before_ones_eyes(three: list[str]) -> None:
    dora = desk("dora", RIGHT)
    picture = three[0]
    asked = dora.get(page("reject", picture)).content.decode()
    assert asked.count('class="hub-pictures') == 1
    empty = dora.post(page("reject", picture), {"reason": "", "seen": "waiting"})
    assert (empty.status_code, row_of(picture).review) == (200, "waiting")
    done = dora.post(page("reject", picture), {"reason": WHY, "seen": "waiting"})
    assert (done.status_code, row_of(picture).review) == (302, "rejected")
    # Who looked before that is told.
    late = dora.post(page("approve", picture), {"seen": "waiting"}).content.decode()
    assert "This changed since you looked" in late
    assert row_of(picture).review == "rejected"
    assert dora.post(page("approve", picture), {"seen": "rejected"}).status_code == 302
    assert row_of(picture).review == ReviewState.APPROVED
    shown = dora.get(page("change", picture)).content.decode()
    assert WHY in shown
    assert page("reject", picture) in shown
    assert page("approve", picture) not in shown


def test_side_bar_counts_what_waits(three: list[str]) -> None:
    dora = desk("dora", RIGHT)
    assert f'href="{DESK}"' in dora.get(DESK).content.decode()
    assert WAITING.count() == 3
    choose(dora, "approve_chosen", three[:2])
    assert WAITING.count() == 1
