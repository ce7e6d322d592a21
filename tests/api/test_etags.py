"""What a caller has is not sent again, and what it has not is: tags change with all that an answer shows."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life.attempt_ends import complete
from generation.life.claims import heartbeat
from generation.models import Account, Task
from generation.refunds.one import request_refund
from generation.work.run import run_queue
from genhub.lib.ids import new_id, to_wire
from genhub.lib.waits import ASKED, OFFER
from genhub.platforms.models import Platform
from genhub.users.models import User
from tests.api.batches import BATCHES, send
from tests.api.refusals import GENERATE
from tests.steps import claim, collect, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
LANGUAGES = ("en", "zh-hans")
HEADS = {"ETag", "Cache-Control", "Vary", "Content-Language", "Content-Type"}


def head(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name in HEADS}


class Watcher:
    """Reads one address in both languages, as a client that keeps what it read."""

    def __init__(self, client: APIClient, path: str) -> None:
        self.client, self.path = client, path
        self.kept: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, tuple[str, bytes]] = {}

    def look(self) -> bool:
        """Return whether anything is new to it; fail when a tag says otherwise than the answer."""
        is_new = False
        for language in LANGUAGES:
            whole = self.client.get(self.path, HTTP_ACCEPT_LANGUAGE=language)
            assert whole.status_code == 200, whole.content
            tag, known = whole.headers["ETag"], self.kept.get(language)
            assert self.tags.setdefault(tag, (language, whole.content)) == (language, whole.content)
            if known:
                asked = self.client.get(
                    self.path, HTTP_ACCEPT_LANGUAGE=language, HTTP_IF_NONE_MATCH=known[0]
                )
                is_same = known[1] == whole.content
                assert asked.status_code == (304 if is_same else 200)
                assert asked.content == (b"" if is_same else whole.content)
                assert asked.headers["ETag"] == tag
                is_new |= not is_same
            self.kept[language] = tag, whole.content
        return is_new


def test_tags_follow_a_task_through_its_life(alice: APIClient, stub: Account) -> None:
    task = submit(alice, num_images=2)
    path = f"/api/v1/tasks/{to_wire('task', task.pk)}"
    whole, status, listed = (
        Watcher(alice, each) for each in (path, f"{path}/status", "/api/v1/tasks")
    )
    staff = User.objects.create_superuser("dave")

    def refund() -> None:
        request_refund(task.pk, 5, person=staff, request_id=new_id(), reason="a broken picture")

    for each in (whole, status, listed):
        each.look()
        assert not each.look(), "nothing happened"
    Account.objects.update(is_enabled=False)
    assert all([whole.look(), status.look(), listed.look()]), "it is paused"
    Account.objects.update(is_enabled=True)
    assert all([whole.look(), status.look(), listed.look()]), "it goes on"
    found = claim()
    assert all([whole.look(), status.look(), listed.look()]), "it is worked on"
    heartbeat(found, progress=0.25)
    assert all([whole.look(), status.look(), listed.look()]), "it comes along"
    heartbeat(found, preview=b"small")
    assert (whole.look(), status.look()) == (True, False), "there is a picture to see"
    complete(found, collect(found))
    assert all([whole.look(), status.look(), listed.look()]), "it is done"
    refund()
    assert (whole.look(), status.look(), listed.look()) == (True, False, True), "credits came back"
    assert not any(each.look() for each in (whole, status, listed))


# Its counts are written at each commit.
@pytest.mark.django_db(transaction=True)
def test_tags_follow_a_batch_through_its_life(alice: APIClient, stub: Account) -> None:
    orders = [{"prompt": "a star", "num_images": 2}, {"prompt": "a sea"}, {"prompt": "a moon"}]
    made = send(alice, orders=orders)
    whole, listed = Watcher(alice, made["url"]), Watcher(alice, BATCHES)
    staff = User.objects.create_superuser("dave")
    for each in (whole, listed):
        each.look()
        assert not each.look(), "nothing happened"
    Account.objects.update(is_enabled=False)
    assert (whole.look(), listed.look()) == (True, False), "its tasks are paused"
    Account.objects.update(is_enabled=True)
    assert (whole.look(), listed.look()) == (True, False), "they go on"
    found = claim()
    assert all([whole.look(), listed.look()]), "one is worked on"
    heartbeat(found, progress=0.25)
    assert all([whole.look(), listed.look()]), "it comes along"
    complete(found, collect(found))
    assert all([whole.look(), listed.look()]), "some pictures are there"
    alice.post(made["tasks"][1]["cancel_url"])
    assert all([whole.look(), listed.look()]), "one was canceled by itself"
    alice.post(made["cancel_url"])
    assert all([whole.look(), listed.look()]), "it has ended"
    task = Task.objects.get(pk=found.task_id)
    request_refund(task.pk, 5, person=staff, request_id=new_id(), reason="a broken picture")
    assert all([whole.look(), listed.look()]), "credits came back"
    send(alice, orders=orders[1:])
    assert (whole.look(), listed.look()) == (False, True), "another was ordered"
    assert not any([whole.look(), listed.look()])


def test_no_tag_opens_what_is_anothers(alice: APIClient, mallory: APIClient) -> None:
    path = f"/api/v1/tasks/{to_wire('task', submit(alice).pk)}"
    tag = alice.get(path).headers["ETag"]
    assert mallory.get(path, HTTP_IF_NONE_MATCH=tag).status_code == 404
    assert mallory.get(path, HTTP_IF_NONE_MATCH="*").status_code == 404
    assert APIClient().get(path, HTTP_IF_NONE_MATCH=tag).status_code == 401


@pytest.mark.parametrize("other", ["", "x", '"x"', "W/", 'W/"x', "é", ", ,", '"' * 5000])
def test_tag_that_is_none_of_ours_is_answered_in_full(alice: APIClient, other: str) -> None:
    path = f"/api/v1/tasks/{to_wire('task', submit(alice).pk)}"
    assert alice.get(path, HTTP_IF_NONE_MATCH=other).status_code == 200
    tag = alice.get(path).headers["ETag"]
    for listed in (f'"x", {tag}', tag.removeprefix("W/"), "*"):
        assert alice.get(path, HTTP_IF_NONE_MATCH=listed).status_code == 304


def test_head_says_what_get_says(alice: APIClient) -> None:
    task = submit(alice)
    run_queue("local")
    path = f"/api/v1/tasks/{to_wire('task', task.pk)}"
    picture = alice.get(f"{path}/result").json()["images"][0]["url"]
    for address in (path, f"{path}/status", f"{path}/result", "/api/v1/tasks", picture):
        got, headed = alice.get(address), alice.head(address)
        assert (headed.status_code, head(headed)) == (got.status_code, head(got))
        tag = got.headers["ETag"]
        assert alice.head(address, HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_answers_are_kept_by_nobody_else(alice: APIClient) -> None:
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', submit(alice).pk)}")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))
    assert answer.headers["ETag"].startswith('W/"')


def test_picture_is_known_by_its_sha256(alice: APIClient, mallory: APIClient, client: Any) -> None:
    made = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    [image] = alice.get(made["result_url"]).json()["images"]
    tag = f'"{image["sha256"]}"'
    led = alice.get(image["url"])
    assert (led.status_code, led.headers["ETag"]) == (302, tag)
    # A link that was kept would go stale.
    assert led.headers["Cache-Control"] == "no-store"
    known = alice.get(image["url"], HTTP_IF_NONE_MATCH=tag)
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", tag)
    small = alice.get(image["thumbnail_url"], HTTP_IF_NONE_MATCH=tag)
    assert small.status_code == 302, "the thumbnail is another file"
    assert alice.get(image["thumbnail_url"], HTTP_IF_NONE_MATCH=small.headers["ETag"]).status_code == 304  # fmt: skip
    assert mallory.get(image["url"], HTTP_IF_NONE_MATCH=tag).status_code == 404
    file = client.get(led.headers["Location"])
    assert file.status_code == 200
    assert "immutable" in file.headers["Cache-Control"]
    again = client.get(led.headers["Location"], HTTP_IF_NONE_MATCH=file.headers["ETag"])
    assert (again.status_code, again.headers["ETag"]) == (304, file.headers["ETag"])
    assert "immutable" in again.headers["Cache-Control"]
    other = client.get(alice.get(image["thumbnail_url"]).headers["Location"])
    assert other.headers["ETag"] != file.headers["ETag"]
    for each in (file, other):
        each.close()


class Nobody:
    """Waits for whatever it is asked to, and for ever."""

    def watch(self, wait: Any) -> Any:
        return wait

    def drop(self, ticket: Any) -> None:
        """Nothing waits."""


def test_answer_that_waits_is_no_answer_yet(alice: APIClient, shop: Platform) -> None:
    path = f"/api/v1/tasks/{to_wire('task', submit(alice).pk)}"
    tag = alice.get(path).headers["ETag"]
    words: dict[str, Any] = {"HTTP_IF_NONE_MATCH": tag, "HTTP_PREFER": "wait=5"}
    offer: Any = Nobody()
    waiting = alice.get(path, **words, **{OFFER: offer})
    assert waiting.wsgi_request.META[ASKED]
    assert waiting.status_code == 200, "304 would be an end of the wait"
    assert alice.get(path, **words).status_code == 304, "nobody waits here"
