"""Clips that a stock OpenAI client orders, watches, fetches and cancels; and what relays of new-api's kind say."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Attempt, Task
from genhub.api.pages import FittingNewestFirst
from genhub.lib.ids import to_wire
from storage.models import Artifact
from tests.api.album import encode, picture, uri
from tests.api.refusals import books, nothing_moves
from tests.faults.processes import wait_until
from tests.front.stock import Dropping, Make, draw, stock, threads
from tests.front.web import Web
from tests.patience import patience
from tests.steps import claim

__all__ = ["stock", "threads"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("front"),
    # OpenAI itself makes no clips any more, and its client says so.
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
]
VIDEOS, RELAYED = "/v1/videos", "/v1/video/generations"
WORDS: dict[str, Any] = {"prompt": "a star", "model": "reel"}
JPEG, WIDE = b"\xff\xd8", encode(picture().resize((128, 64)))


class AtHub(httpx.HTTPTransport):
    """Follows the hub's links to where it listens, as its public address would lead there."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1", port=self.port)
        return super().handle_request(request)


@pytest.fixture
def reel(stub: Account, rich: Callable[..., Any]) -> None:
    """A model of clips, and credits for some of them."""
    small = {"default_width": 128, "default_height": 64, "smallest_side": 16, "default_seconds": 1}
    stub.offers.create(alias="reel", media_types=["image", "video"], durations=[1, 2], **small)
    rich("alice", 900)


pytestmark.append(pytest.mark.usefixtures("reel"))


def test_a_clip_is_ordered_watched_and_fetched(web: Web, stock: Make) -> None:
    transport = AtHub(web.port)
    client = stock(http_client=httpx.Client(transport=transport, follow_redirects=True))
    words: dict[str, Any] = WORDS | {"seconds": "2", "size": "128x64"}
    raw = client.videos.with_raw_response.create(
        **words, input_reference=("first.png", WIDE, "image/png"),
        extra_body={"seed": 7, "audio": True, "user": "tag", "last_image": uri(WIDE)},
    )  # fmt: skip
    video, task = raw.parse(), Task.objects.get()
    assert raw.headers["x-genhub-task"] == video.id == to_wire("task", task.pk)
    assert raw.headers["x-should-retry"] == "false"
    said = (video.object, video.model, video.status, video.progress, video.seconds, video.size)
    assert said == ("video", "reel", "queued", 0, "2", "128x64")
    spec = task.spec
    assert (spec["media_type"], spec["seconds"], spec["seeds"], spec["audio"]) == ("video", 2, [7], True)  # fmt: skip
    assert len({"", spec["image"], spec["last_image"]}) == 3
    assert task.metadata == {"user": "tag"}
    with pytest.raises(openai.BadRequestError) as refusal:
        client.videos.download_content(video.id)
    assert refusal.value.code == "result_not_ready"
    draw()
    video = client.videos.retrieve(video.id)
    assert (video.status, video.progress, video.size, video.error) == ("completed", 100, "128x64", None)  # fmt: skip
    assert video.completed_at is not None
    assert video.completed_at >= video.created_at
    data = client.videos.download_content(video.id).content
    clip = task.outputs.get().artifact
    assert clip is not None
    assert data[4:8] == b"ftyp"
    assert len(data) == clip.size_bytes
    small = client.videos.download_content(video.id, variant="thumbnail").content
    assert small.startswith(JPEG)
    [listed] = client.videos.list().data
    assert listed == video
    # It was paid for, and stays.
    assert client.videos.delete(video.id).deleted is False
    assert client.videos.download_content(video.id).content == data


def test_a_client_that_polls_gets_its_clip(stock: Make, threads: ThreadPoolExecutor) -> None:
    create: Callable[..., Any] = stock().videos.create_and_poll
    # As its servers know it; the client itself takes files alone.
    body = {"input_reference": {"image_url": uri(WIDE)}}
    waiting = threads.submit(create, **WORDS, poll_interval_ms=100, extra_body=body)
    wait_until(lambda: waiting.done() or Task.objects.exists(), 10, "the order")
    draw()
    assert waiting.result(patience()).status == "completed"
    assert Task.objects.get().spec["image"]


def test_a_lost_answer_of_a_clip_is_paid_once(stock: Make) -> None:
    client = stock(max_retries=2, http_client=httpx.Client(transport=Dropping(2)))
    video = client.videos.create(**WORDS, input_reference=WIDE)
    assert video.id == to_wire("task", Task.objects.get().pk)
    assert Hold.objects.count() == 1
    # The same words again are another order.
    assert client.videos.create(**WORDS, input_reference=WIDE).id != video.id
    assert Hold.objects.count() == 2


def test_a_clip_that_is_not_made_is_canceled(stock: Make) -> None:
    client = stock()
    video = client.videos.create(**WORDS)
    gone = client.videos.delete(video.id)
    assert (gone.id, gone.object, gone.deleted) == (video.id, "video.deleted", True)
    assert Task.objects.get().state == "canceled"
    assert client.videos.delete(video.id).deleted is True
    ended = client.videos.retrieve(video.id)
    assert (ended.status, ended.error and ended.error.code) == ("failed", "no_result")
    with pytest.raises(openai.BadRequestError) as refusal:
        client.videos.download_content(video.id)
    assert refusal.value.code == "no_result"


def test_what_is_wrong_with_a_clip_is_said_by_name(stock: Make) -> None:
    client, before = stock(), books()
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"seconds": "3"}, "seconds", "unsupported"),
        ({"seconds": "long"}, "seconds", "invalid"),
        ({"seconds": "0"}, "seconds", "min_value"),
        ({"size": "720p"}, "size", "invalid"),
        ({"size": "8x8"}, "size", "not_a_multiple"),
        ({"model": "z-image-small"}, "model", "unsupported"),
        ({"model": openai.omit}, "model", "required"),
        ({"prompt": ""}, "prompt", "blank"),
        ({"input_reference": b"no picture"}, "input_reference", "unreadable"),
        ({"extra_body": {"input_reference": "x"}}, "input_reference", "not_an_id"),
        ({"extra_body": {"seed": "x"}}, "seed", "invalid"),
        ({"extra_body": {"audio": "loud"}}, "audio", "invalid"),
        ({"extra_body": {"n": 2}}, "n", "unknown"),
        ({"extra_body": {"seconds": ["1", "2"]}}, "seconds[]", "unknown"),
    ]
    for changed, param, code in cases:
        with pytest.raises(openai.BadRequestError) as refusal:
            client.videos.create(**(WORDS | changed))
        assert (refusal.value.param, refusal.value.code) == (param, code), refusal.value
        assert set(refusal.value.response.json()) == {"error"}
    with pytest.raises(openai.NotFoundError) as unknown:
        client.videos.create(prompt="a star", model="sora-2")
    assert unknown.value.code == "model_not_found"
    for words in ({"limit": 0}, {"limit": 101}, {"order": "up"}):
        with pytest.raises(openai.BadRequestError) as refusal:
            client.videos.list(**words)
        assert refusal.value.param == next(iter(words))
    assert books() == before


@pytest.fixture
def alice(bearer: dict[str, Any]) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=bearer["Authorization"])
    return client


def order(client: APIClient, path: str = VIDEOS, **words: Any) -> dict[str, Any]:
    answer = client.post(path, WORDS | words, format="json")
    assert answer.status_code == 200, answer.json()
    said: dict[str, Any] = answer.json()
    return said


def test_json_names_pictures_by_address_and_id(alice: APIClient) -> None:
    order(alice, input_reference=uri(WIDE), seconds=2)
    first = Task.objects.latest("created_at").spec
    assert first["seconds"] == 2
    order(alice, input_reference={"file_id": first["image"]})
    assert Task.objects.latest("created_at").spec["image"] == first["image"]
    with nothing_moves():
        answer = alice.post(VIDEOS, WORDS | {"input_reference": {}}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "required")


def test_nobody_else_s_clip_is_seen(
    alice: APIClient, client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    video = order(alice)["id"]
    mallory = client_of("mallory")
    rich("mallory", 100)
    picture_task = alice.post("/api/v1/generate", {"prompt": "a star"}, format="json").json()["id"]
    with nothing_moves():
        for client, wire_id in ((mallory, video), (alice, picture_task), (alice, "nothing")):
            for method, path in (
                ("get", f"{VIDEOS}/{wire_id}"),
                ("delete", f"{VIDEOS}/{wire_id}"),
                ("get", f"{VIDEOS}/{wire_id}/content"),
                ("get", f"{RELAYED}/{wire_id}"),
            ):
                answer = getattr(client, method)(path)
                assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert mallory.get(f"{VIDEOS}?after={video}").status_code == 404
    assert mallory.get(VIDEOS).json()["data"] == []
    platform = client_of("")
    assert [one["id"] for one in platform.get(f"{VIDEOS}?user=alice").json()["data"]] == [video]
    assert platform.get(f"{VIDEOS}?user=mallory").json()["data"] == []
    refusal = platform.post(VIDEOS, WORDS, format="json")
    assert (refusal.status_code, refusal.json()["error"]["param"]) == (400, "user")
    order(platform, user="alice")
    assert Task.objects.latest("created_at").user == "alice"


def test_pages_hold_clips_alone(alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for _ in range(3):
        ids.append(order(alice)["id"])
        alice.post("/api/v1/generate", {"prompt": "a star"}, format="json")

    def read(words: str) -> tuple[list[str], str | None, bool]:
        page = alice.get(f"{VIDEOS}?{words}").json()
        return [one["id"] for one in page["data"]], page["last_id"], page["has_more"]

    assert read("limit=2") == ([ids[2], ids[1]], ids[1], True)
    assert read(f"limit=2&after={ids[1]}") == ([ids[0]], ids[0], False)
    assert read("order=asc&limit=1") == ([ids[0]], ids[0], True)
    assert read(f"order=asc&after={ids[0]}") == (ids[1:], ids[2], False)
    # A page ends where it has looked at enough, and goes on from there.
    monkeypatch.setattr(FittingNewestFirst, "most_rows", 1)
    for order_word, expected in (("desc", ids[::-1]), ("asc", ids)):
        found: list[str] = []
        last, has_more = "", True
        while has_more:
            after = f"&after={last}" if last else ""
            page, last_id, has_more = read(f"order={order_word}{after}")
            assert len(page) <= 1
            found, last = found + page, last_id or last
        assert found == expected


def test_a_clip_that_fails_says_why(alice: APIClient) -> None:
    video = order(alice)["id"]
    task = Task.objects.get()
    for code, status, expected in (
        ("content_refused", 400, "moderation_blocked"),
        ("provider_unavailable", 502, "provider_unavailable"),
    ):
        Task.objects.filter(pk=task.pk).update(
            state="failed", failed_at=task.created_at, started_at=None, error_code=code
        )  # fmt: skip
        said = alice.get(f"{VIDEOS}/{video}").json()
        assert (said["status"], said["error"]["code"], said["completed_at"]) == ("failed", expected, None)  # fmt: skip
        assert said["error"]["message"]
        answer = alice.get(f"{VIDEOS}/{video}/content")
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, expected)
        relayed = alice.get(f"{RELAYED}/{video}").json()["data"]
        assert (relayed["status"], relayed["progress"]) == ("FAILURE", "100%")
        assert relayed["fail_reason"] == said["error"]["message"]


def test_a_clip_that_is_made_says_how_far_it_is(alice: APIClient) -> None:
    video = order(alice)["id"]
    found = claim()
    Attempt.objects.filter(pk=found.attempt_id).update(progress=0.429)
    answer = alice.get(f"{VIDEOS}/{video}")
    assert (answer.json()["status"], answer.json()["progress"]) == ("in_progress", 42)
    assert answer["openai-poll-after-ms"] == "3000"
    relayed = alice.get(f"{RELAYED}/{video}").json()["data"]
    assert (relayed["status"], relayed["progress"]) == ("IN_PROGRESS", "42%")


def test_a_withheld_clip_is_none(alice: APIClient) -> None:
    video = order(alice)["id"]
    draw()
    assert alice.get(f"{VIDEOS}/{video}/content").status_code == 302
    Artifact.objects.update(withheld_at=Now())
    said = alice.get(f"{VIDEOS}/{video}").json()
    assert (said["status"], said["error"]["code"]) == ("failed", "moderation_blocked")
    assert alice.get(f"{VIDEOS}/{video}/content").status_code == 400


def test_there_is_no_sheet_and_no_empty_thumbnail(alice: APIClient) -> None:
    video = order(alice)["id"]
    draw()
    answer = alice.get(f"{VIDEOS}/{video}/content?variant=spritesheet")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "variant")
    small = f"{VIDEOS}/{video}/content?variant=thumbnail"
    assert alice.get(small).status_code == 302
    # Its own picture was never drawn, and a clip is none that one could be drawn of.
    Artifact.objects.update(has_thumbnail=False)
    answer = alice.get(small)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_new_api_s_clients_get_their_clip(alice: APIClient) -> None:
    words: dict[str, Any] = {
        "image": uri(WIDE), "duration": 2.0, "width": 128, "height": 64, "fps": 0, "n": 1, "seed": 7,
        "response_format": "url", "user": "tag", "metadata": {"audio": True},
    }  # fmt: skip
    taken = order(alice, RELAYED, **words)
    assert (taken["task_id"], taken["status"]) == (taken["id"], "queued")
    task = Task.objects.get()
    spec = task.spec
    assert (spec["seconds"], spec["seeds"], spec["audio"], bool(spec["image"])) == (2, [7], True, True)  # fmt: skip
    assert task.metadata == {"user": "tag"}
    address = f"{RELAYED}/{taken['task_id']}"
    body = alice.get(address).json()
    assert (body["code"], body["data"]["status"], body["data"]["result_url"]) == ("success", "QUEUED", "")  # fmt: skip
    draw()
    done = alice.get(address).json()["data"]
    assert (done["status"], done["progress"], done["fail_reason"]) == ("SUCCESS", "100%", "")
    assert done["data"]["status"] == "completed"
    assert done["finish_time"] >= done["submit_time"] > 0
    link = urlsplit(done["result_url"])
    file = APIClient().get(f"{link.path}?{link.query}")
    assert (file.status_code, file["Content-Type"]) == (200, "video/mp4")


def test_what_new_api_s_clients_say_wrong_is_named(alice: APIClient) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"duration": 3}, "duration", "unsupported"),
        ({"duration": 2.5}, "duration", "invalid"),
        ({"duration": 2, "seconds": "2"}, "seconds", "twice"),
        ({"size": "128x64", "width": 128}, "width", "twice"),
        ({"size": "large"}, "size", "invalid"),
        ({"images": [uri(), uri()]}, "images", "too_many"),
        ({"image": uri(), "images": [uri()]}, "images", "twice"),
        ({"image": "x"}, "image", "not_an_id"),
        ({"n": 2}, "n", "one_clip"),
        ({"response_format": "b64_json"}, "response_format", "invalid"),
        ({"model": "z-image-small"}, "model", "unsupported"),
        ({"mode": "pro"}, "mode", "unknown"),
        ({"metadata": {"style": "x"}}, "metadata.style", "unknown"),
        ({"metadata": {"resolution": "4k"}}, "resolution", "unsupported"),
    ]
    with nothing_moves():
        for words, param, code in cases:
            answer = alice.post(RELAYED, WORDS | words, format="json")
            error = answer.json()["error"]
            assert (answer.status_code, error["param"], error["code"]) == (400, param, code), error
        plain = alice.generic("POST", RELAYED, "a", content_type="text/plain")
        assert plain.status_code == 415
        form = alice.generic("POST", VIDEOS, "--y", content_type="multipart/form-data")
        assert (form.status_code, form.json()["error"]["code"]) == (400, "malformed_video")
