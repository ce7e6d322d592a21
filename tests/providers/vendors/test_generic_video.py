"""Servers of clips in the plain dialect."""

from dataclasses import replace
from typing import Any

import pytest

from generation.providers.base import Provider, Waiting
from generation.providers.errors import ProviderError
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.server import Asked, Reply, Server, path_of


class TestGenericVideo(ClipContract):
    """The dialect as it is, without a word of the account's."""

    adapter = "generic_video"
    card = ModelCard("any", unsupported=("audio",))
    refusal = Reply(body={"task_id": "t1", "status": "failed", "error": "NSFW content"})
    unknown = Reply(body={"task_id": "t1", "status": "dreaming"})
    failed = Reply(body={"task_id": "t1", "status": "failed", "error": "CUDA out of memory"})
    bad_key = Reply(401, {"message": "who are you?"})
    no_quota = Reply(402, {"message": "buy some"})
    busy = Reply(429, {"message": "too many"})
    broken = Reply(500, {"detail": "sorry"})

    def respond(self, asked: Asked) -> Reply:
        if path_of(asked) == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            return Reply(body={"task_id": "t1"})
        url = f"http://{asked.headers['host']}/clip.mp4"
        return Reply(body={"task_id": "t1", "status": "completed", "result_url": url, "seed": 7})

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(7,), negative_prompt="rain"))
        created, polled = server.asked[:2]
        assert (created.path, polled.path) == ("/generate", "/task/t1")
        assert created.headers["authorization"] == "Bearer secret-key-of-the-test"
        assert created.json == {
            "prompt": "a star", "duration": 5, "fps": 24, "resolution": "720p", "seed": 7,
            "negative_prompt": "rain",
        }  # fmt: skip
        assert finished.made[0].seed == 7

    def test_paths_words_and_names_are_the_account_s_to_say(self, server: Server) -> None:
        options: dict[str, Any] = {
            "paths": {"create": "v2/jobs", "poll": "v2/jobs/{id}/state"},
            "words": {"prompt": "text", "duration": "length", "fps": "", "width": "w", "height": "h", "resolution": ""},
            "names": {"id": "data.job", "status": "data.state", "url": "data.file", "progress": "data.done"},
            "states": {"completed": ["done"], "failed": ["dead"]}, "percent": True, "refusals": ["naughty"],
        }  # fmt: skip
        provider = self.make(server.url, options=options)
        card = ModelCard(
            "any", vendor_model="film-1", options={"input": {"loop": True}}, unsupported=("audio",)
        )
        server.faults = [Reply(body={"data": {"job": 7}})]
        told = provider.submit(replace(self.work(), card=card))
        assert server.asked[0].json == {
            "text": "a star", "model": "film-1", "length": 5, "w": 1280, "h": 720, "loop": True,
        }  # fmt: skip
        assert server.asked[0].path == "/v2/jobs"
        remote_id = getattr(told, "remote_id", "")
        server.faults = [Reply(body={"data": {"state": "completed", "done": 40}})]
        waits = provider.poll(remote_id)
        assert isinstance(waits, Waiting)
        assert (waits.progress, server.asked[1].path) == (0.4, "/v2/jobs/7/state")
        server.faults = [Reply(body={"data": {"state": "dead"}, "error": "That is Naughty"})]
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        assert caught.value.code == "content_refused"

    def test_strange_id_leaves_its_place_in_no_address(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [Reply(body={"task_id": "../admin?a=1"})]
        provider.poll(self.ordered(provider))
        assert server.asked[1].path == "/task/..%2Fadmin%3Fa%3D1"

    @pytest.mark.parametrize(
        "url", [None, "", 7, "file:///etc/passwd", "/etc/passwd", "oss://x", "data:,a"]
    )
    def test_done_without_an_address_is_paid(
        self, server: Server, provider: Provider, url: Any
    ) -> None:
        said = Reply(body={"status": "completed", "result_url": url})
        error = self.poll_badly(server, provider, said)
        assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    @pytest.mark.parametrize(
        ("said", "told"), [(0.5, 0.5), ("half", None), (True, None), (None, None)]
    )
    def test_progress_is_told_where_it_is_a_number(
        self, server: Server, provider: Provider, said: Any, told: float | None
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [Reply(body={"status": "running", "progress": said})]
        waits = provider.poll(remote_id)
        assert isinstance(waits, Waiting)
        assert waits.progress == told

    def test_several_are_listed_where_the_account_says_how(self, server: Server) -> None:
        plain = self.make(server.url)
        assert plain.poll_many(["a", "b"]) == {}
        assert server.asked == []
        options = {
            "paths": {"list": "v2/jobs?of={ids}"},
            "names": {"tasks": "data.jobs", "id": "job", "status": "state"},
        }
        provider = self.make(server.url, options=options)
        jobs: list[Any] = [
            {"job": "a", "state": "Running", "progress": 0.5}, {"job": 7, "state": "queued"},
            {"job": "../x", "state": "queued"}, {"job": "b", "state": "completed"},
            {"job": "c", "state": "FAILED"}, {"job": "d"}, "strange", None,
        ]  # fmt: skip
        server.faults = [Reply(body={"data": {"jobs": jobs}}), Reply(body={"data": {"jobs": {}}})]
        ids = ["a", "7", "..%2Fx", "b", "c", "d", *(f"e{number}" for number in range(50))]
        assert provider.poll_many(ids) == {
            "a": Waiting(0.5, 5.0), "7": Waiting(None, 5.0), "..%2Fx": Waiting(None, 5.0),
        }  # fmt: skip
        first, second = (asked.path for asked in server.asked)
        assert first == f"/v2/jobs?of={','.join(ids[:50])}"
        assert second == f"/v2/jobs?of={','.join(ids[50:])}"

    def test_check_asks_for_an_order_that_nobody_gave(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [Reply(404, {"detail": "no such task"})]
        assert provider.check() == {"answers": True}
