"""A client follows its tasks: each event once and in order, from where it stopped, and nobody else's."""

import itertools
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.api.live.feed import find_dead_keys
from generation.life import claims
from generation.life.attempt_ends import complete
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Event
from generation.selectors.events import newest_position
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey, Platform
from genhub.platforms.rotation import rotate
from tests.api.refusals import header_of
from tests.faults.processes import wait_until
from tests.front.test_headers import ODD
from tests.front.web import Web
from tests.live.streams import Follow, serve_here
from tests.patience import patience, quick_enough
from tests.steps import claim, collect, submit
from tests.tokens.conftest import APP, TOKENS, browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
EVENTS = "/api/v1/events"
REVOKED_SECONDS = 5.0


@pytest.fixture(autouse=True)
def _provider(stub: Account) -> None:
    """Orders have where to go."""


def path_of(task: Any) -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}/events"


def readable_by(headers: dict[str, str]) -> str | None:
    """Return whose pages may read an answer."""
    named = {name.lower(): value for name, value in headers.items()}
    return named.get("access-control-allow-origin")


def work() -> None:
    """Do what is due next, as a worker does."""
    found = claim()
    claims.heartbeat(found, progress=0.4, preview=b"\xff\xd8small")
    complete(found, collect(found))


def test_a_task_is_followed_from_its_start_to_its_end(alice: APIClient, follow: Follow) -> None:
    task = submit(alice)
    stream = follow(path_of(task))
    wait_until(lambda: [each.name for each in stream.kept()] == ["task.submitted"], 30, "the first event")  # fmt: skip
    found = claim()
    claims.heartbeat(found, progress=0.4, preview=b"\xff\xd8small")
    wait_until(lambda: "task.progress" in stream.names(), 30, "progress")
    complete(found, collect(found))
    assert stream.has_ended.wait(patience())
    kept = stream.kept()
    assert [each.name for each in kept] == ["task.submitted", "task.processing", "task.completed"]
    assert [int(each.id) for each in kept] == sorted({int(each.id) for each in kept})
    [step, *_] = [each for each in stream.heard if each.name == "task.progress"]
    assert step.id == ""
    assert step.data["progress"] == 0.4
    assert step.data["preview"].startswith("data:image/jpeg;base64,")
    end = kept[-1].data["task"]
    assert end["status"] == "completed"
    assert end["credits"] == alice.get(f"/api/v1/tasks/{end['id']}").json()["credits"]
    assert end["result"]["images"][0]["url"].startswith("http://")


def test_one_who_waits_hears_where_it_stands(alice: APIClient, follow: Follow) -> None:
    first, second = submit(alice), submit(alice)
    stream, of_all = follow(path_of(second)), follow(EVENTS)
    wait_until(lambda: "task.queue" in stream.names(), 30, "its place")
    cancel_task(first.pk)
    wait_until(lambda: stream.names().count("task.queue") == 2, 30, "its new place")
    cancel_task(second.pk)
    assert stream.has_ended.wait(patience())
    told = [each for each in stream.heard if each.name == "task.queue"]
    assert [each.data["queue"]["position"] for each in told] == [2, 1]
    assert {(each.id, each.data["user"]) for each in told} == {("", "alice")}
    wait_until(lambda: len(of_all.kept()) == 2, 30, "both ends")
    assert "task.queue" not in of_all.names()


def test_one_who_comes_again_hears_each_event_once(alice: APIClient, follow: Follow) -> None:
    first = follow(EVENTS)
    submitted = submit(alice)
    wait_until(lambda: len(first.kept()) == 1, 30, "the first event")
    first.leave()
    work()
    other = submit(alice)
    second = follow(EVENTS, **{"Last-Event-ID": first.last_id})
    wait_until(lambda: len(second.kept()) == 3, 30, "what was missed")
    cancel_task(other.pk)
    wait_until(lambda: len(second.kept()) == 4, 30, "what comes now")
    told = [(each.data["task_id"], each.name) for each in first.kept() + second.kept()]
    ids = to_wire("task", submitted.pk), to_wire("task", other.pk)
    assert told == [
        (ids[0], "task.submitted"),
        (ids[0], "task.processing"),
        (ids[0], "task.completed"),
        (ids[1], "task.submitted"),
        (ids[1], "task.canceled"),
    ]


def test_what_is_ordered_once_a_stream_is_open_is_told(alice: APIClient) -> None:
    def order() -> None:
        submit(alice)
        wait_until(lambda: not Event.objects.filter(position=None).exists(), 30, "its place")

    said = serve_here(alice, EVENTS, begun=order, is_enough=lambda said: b"task.submitted" in said)
    assert b"task.submitted" in said


def test_one_who_heard_nothing_yet_goes_on_from_where_it_began(
    alice: APIClient, follow: Follow
) -> None:
    submit(alice)
    # What has no place yet when a stream begins is told by it.
    wait_until(lambda: not Event.objects.filter(position=None).exists(), 30, "its event's place")
    first = follow(EVENTS)
    wait_until(lambda: first.last_id != "", 30, "the greeting")
    first.leave()
    assert first.heard == []
    missed = submit(alice)
    second = follow(EVENTS, **{"Last-Event-ID": first.last_id})
    wait_until(lambda: second.kept() != [], 30, "what was missed")
    assert [each.data["task_id"] for each in second.kept()] == [to_wire("task", missed.pk)]


def test_after_its_end_a_task_has_nothing_more_to_tell(
    alice: APIClient, follow: Follow, ask: Any
) -> None:
    task = submit(alice)
    cancel_task(task.pk)
    stream = follow(path_of(task))
    assert stream.has_ended.wait(patience())
    assert stream.names() == ["task.submitted", "task.canceled"]
    assert ask(path_of(task), **{"Last-Event-ID": stream.last_id}).status == 204
    half = follow(path_of(task), **{"Last-Event-ID": stream.heard[0].id})
    assert half.has_ended.wait(patience())
    assert half.names() == ["task.canceled"]


def test_the_end_is_told_when_its_events_are_swept(
    alice: APIClient, follow: Follow, ask: Any
) -> None:
    task = submit(alice)
    cancel_task(task.pk)
    Event.objects.all().delete()
    stream = follow(path_of(task))
    assert stream.has_ended.wait(patience())
    assert stream.names() == ["task.canceled"]
    assert stream.heard[0].data["task"]["status"] == "canceled"
    assert ask(path_of(task), **{"Last-Event-ID": stream.last_id}).status == 204


def test_each_hears_of_their_own_alone(
    alice: APIClient, mallory: APIClient, client_of: Any, follow: Follow, ask: Any
) -> None:
    task = submit(alice)
    assert ask(path_of(task), mallory).json()["code"] == "not_found"
    streams = {
        "alice": follow(EVENTS),
        "mallory": follow(EVENTS, mallory),
        "all": follow(EVENTS, client_of("")),
        "alice alone": follow(f"{EVENTS}?user=alice", client_of("")),
    }
    other = Platform.objects.create(code="other", name="Other")
    streams["another platform"] = follow(EVENTS, client_of("alice", platform=other))
    wait_until(lambda: all(each.last_id for each in streams.values()), 30, "the greetings")
    hers = submit(mallory)
    mine = submit(alice)
    wait_until(lambda: len(streams["all"].kept()) == 2, 30, "both events")
    wait_until(lambda: len(streams["alice alone"].kept()) == 1, 30, "alice's event")
    wait_until(lambda: streams["alice"].names() == ["task.submitted"], 30, "alice's event")
    assert [each.data["task_id"] for each in streams["alice"].heard] == [to_wire("task", mine.pk)]
    assert [each.data["task_id"] for each in streams["mallory"].heard] == [to_wire("task", hers.pk)]
    assert streams["another platform"].heard == []
    assert ask(f"{EVENTS}?user=alice", mallory).json()["code"] == "wrong_user"


def test_a_revoked_key_ends_its_streams_alone(
    client_of: Any, mallory: APIClient, follow: Follow
) -> None:
    kept = follow(EVENTS, mallory)

    def revoke() -> float:
        """Return the seconds from a key's end to that of its streams."""
        key = client_of("alice")
        streams = [follow(EVENTS, key), follow(EVENTS, key)]
        for stream in streams:
            stream.await_greeting()
        ApiKey.objects.filter(user="alice").latest("created_at").revoke()
        began = time.monotonic()
        assert all(stream.has_ended.wait(patience()) for stream in streams)
        return time.monotonic() - began

    quick_enough(REVOKED_SECONDS, revoke, "the end of a revoked key's streams")
    assert not kept.has_ended.is_set()
    submit(mallory)
    wait_until(lambda: kept.names() == ["task.submitted"], 30, "the other's event")


def test_a_secret_that_was_changed_ends_its_streams_and_no_others(
    alice: APIClient, client_of: Any, follow: Follow, ask: Any
) -> None:
    other = client_of("alice", networks=["127.0.0.0/8"])
    row = ApiKey.objects.filter(user="alice").earliest("created_at")
    old, kept = follow(EVENTS), follow(EVENTS, other)
    for stream in (old, kept):
        stream.await_greeting()
    # It counts once, when it opens; and from where it is opened is known here, too.
    assert old.answer.headers["RateLimit"].startswith('"reads";r=')
    elsewhere = ask(EVENTS, client_of("alice", networks=["203.0.113.0/24"]))
    assert (elsewhere.status, elsewhere.json()["code"]) == (403, "address_not_allowed")
    _, key = rotate(row.pk, overlap=timedelta(hours=1))
    newest = follow(EVENTS, Authorization=f"Bearer {key}")
    newest.await_greeting()
    assert find_dead_keys([row.prefix, key[:11]]) == []
    ApiKey.objects.filter(pk=row.pk).update(previous_until=Now())
    assert old.has_ended.wait(patience())
    assert [stream.has_ended.is_set() for stream in (kept, newest)] == [False, False]


def test_a_key_has_only_so_many_streams(alice: APIClient, follow: Follow, ask: Any) -> None:
    opened = [follow(EVENTS) for _ in range(3)]

    def can_open() -> bool:
        try:
            return bool(follow(EVENTS))
        except AssertionError:
            return False

    refused = ask(EVENTS)
    assert (refused.status, refused.json()["code"]) == (429, "too_many_streams_of_key")
    assert "3" in refused.json()["detail"]
    assert refused.headers["retry-after"]
    said = ask(EVENTS, **{"Accept-Language": "zh-Hans"}).json()
    assert "3" in said["detail"]
    assert said["detail"] != refused.json()["detail"]
    opened[0].leave()
    wait_until(can_open, 30, "a free stream")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Last-Event-ID": "x"}, 400, "invalid_request"),
        ({"Last-Event-ID": "-1"}, 400, "invalid_request"),
        ({"Last-Event-ID": "9" * 30}, 400, "invalid_request"),
        ({"Last-Event-ID": str(2**62)}, 410, "events_gone"),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused(
    alice: APIClient, ask: Any, headers: dict[str, str], status: int, code: str
) -> None:
    refused = ask(EVENTS, **headers)
    assert (refused.status, refused.json()["code"]) == (status, code)
    said = ask(EVENTS, **headers, **{"Accept-Language": "zh-Hans"}).json()
    assert said["title"] != refused.json()["title"]


def test_an_event_whose_followers_are_swept_is_no_place_to_go_on_from(
    alice: APIClient, follow: Follow, ask: Any
) -> None:
    stream = follow(EVENTS)
    submit(alice)
    wait_until(lambda: len(stream.heard) == 1, 30, "the event")
    last = newest_position()
    Event.objects.filter(position__lt=last).delete()
    # From the one before the last on all is there still, though its own row is not.
    going_on = follow(EVENTS, **{"Last-Event-ID": str(last - 1)})
    submit(alice)
    wait_until(lambda: going_on.names() == ["task.submitted"], 30, "the event after it")
    assert ask(EVENTS, **{"Last-Event-ID": str(last - 2)}).json()["code"] == "events_gone"


def test_who_may_not_read_tasks_may_not_follow_them(client_of: Any, ask: Any) -> None:
    missing = ask(EVENTS, None)
    assert (missing.status, missing.json()["code"]) == (401, "key_missing")
    assert missing.headers["www-authenticate"]
    refused = ask(EVENTS, client_of("alice", scopes=["credits:read"]))
    assert (refused.status, refused.json()["code"]) == (403, "scope_missing")


def test_each_reads_in_their_own_language(alice: APIClient, follow: Follow) -> None:
    english, chinese = follow(EVENTS), follow(EVENTS, **{"Accept-Language": "zh-Hans"})
    wait_until(lambda: bool(english.last_id and chinese.last_id), 30, "the greetings")
    submit(alice)
    wait_until(lambda: bool(english.heard and chinese.heard), 30, "the event")
    said = [stream.heard[0].data["task"]["message"] for stream in (english, chinese)]
    assert said[0] == "The task waits for its turn."
    assert said[1] != said[0]


def test_no_header_ends_in_an_error_of_ours(alice: APIClient, web: Web) -> None:
    key = f"Authorization: {header_of(alice)['HTTP_AUTHORIZATION']}".encode()
    asked = (b"GET /api/v1/events", b"GET /v1/images/streams/x", b"POST /mcp")
    for words, line in itertools.product(asked, ODD):
        lines = [words + b" HTTP/1.1", b"Host: localhost", key, line, b"", b""]
        with web.connect() as sock:
            sock.sendall(b"\r\n".join(lines))
            status = int(sock.makefile("rb").readline().split()[1])
        assert status < 500, (words, line)


def test_a_page_follows_with_its_token_until_that_ends(
    client_of: Any, rich: Any, follow: Follow, ask: Any
) -> None:
    rich("alice", 100)
    app = client_of("")
    words = {"user": "alice", "origins": [APP], "max_credits": 50}
    token = app.post(TOKENS, words, format="json").json()
    page = browser(token)
    streams = [follow(EVENTS, page, Origin=APP) for _ in range(3)]
    for stream in streams:
        stream.await_greeting()
    task = submit(page)
    wait_until(lambda: all(each.names() for each in streams), 30, "the order's event")
    full = ask(EVENTS, page, Origin=APP)
    assert full.status == 429
    heads = [dict(each.answer.headers.items()) for each in streams] + [full.headers]
    assert [readable_by(head) for head in heads] == [APP] * 4
    # The key's own streams are counted apart.
    own = follow(EVENTS, app)
    assert readable_by(dict(own.answer.headers.items())) is None
    stolen = ask(EVENTS, page, Origin="https://evil.example")
    assert (stolen.status, readable_by(stolen.headers)) == (403, None)
    assert app.delete(f"{TOKENS}/{token['id']}").status_code == 204
    for stream in streams:
        assert stream.has_ended.wait(patience())
    over = ask(path_of(task), page, Origin=APP)
    assert (over.status, over.json()["code"]) == (401, "token_invalid")
    assert readable_by(over.headers) == APP
    assert not own.has_ended.is_set()
