"""Z-Image, Qwen-Image and Wan pictures of DashScope."""

import datetime
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Finished, Lost, Provider
from generation.providers.errors import ProviderError, Sent, Unsupported
from generation.providers.files import data_uri
from generation.spec import GenerationSpec, ModelCard
from tests.providers.vendors.contract import ProviderContract, picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of

WAN_OLD = ModelCard("any", vendor_model="wan2.2-t2i-flash")
WAN_NEW = ModelCard("any", vendor_model="wan2.6-t2i")


def envelope(code: str, status: int = 400) -> Reply:
    return Reply(status, {"code": code, "message": "told so", "request_id": "r"})


def task(status: str, **words: Any) -> Reply:
    return Reply(
        body={"output": {"task_id": "t", "task_status": status, **words}, "request_id": "r"}
    )


class DashScope(ProviderContract):
    """What is the same in all ways."""

    adapter = "dashscope"
    refusal = envelope("DataInspectionFailed")
    bad_key = envelope("InvalidApiKey", 401)
    no_quota = envelope("Arrearage")
    busy = envelope("Throttling.RateQuota", 429)
    broken = envelope("InternalError.Algo", 500)

    def is_create(self, asked: Asked) -> bool:
        return "/services/" in asked.path

    def choices(self, asked: Asked, number: int) -> dict[str, Any]:
        url = f"http://{asked.headers['host']}/files/1.png"
        choice = {
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": [{"image": url}]},
        }
        return {"choices": [choice] * number}

    def respond(self, asked: Asked) -> Reply:
        if asked.path.startswith("/files/"):
            return Reply(body=picture(), headers={"content-type": "image/png"})
        if path_of(asked) == "/tasks":
            return Reply(body={"total": 2, "data": [], "page_no": 1})
        output = self.choices(asked, asked.json["parameters"].get("n", 1))
        usage = {"width": 1024, "height": 1024, "image_count": 1}
        return Reply(body={"output": output, "usage": usage, "request_id": "r"})


class TestAtOnce(DashScope):
    """Z-Image: one call a picture, answered at once."""

    card = ModelCard("any", vendor_model="z-image-turbo")

    def test_body_says_what_z_image_takes(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work(seeds=(2**31 + 7,)))
        asked = server.asked[0]
        assert asked.path == "/services/aigc/multimodal-generation/generation"
        assert asked.json == {
            "model": "z-image-turbo",
            "input": {"messages": [{"role": "user", "content": [{"text": "a star"}]}]},
            "parameters": {"size": "1024*1024", "prompt_extend": False, "seed": 7},
        }
        assert "x-dashscope-async" not in asked.headers
        assert finished.made[0].seed == 7
        assert finished.usage.pictures == 1

    def test_key_stays_with_the_vendor(self, server: Server, provider: Provider) -> None:
        with self.finish(provider, self.work()).made[0].content.open():  # type: ignore[union-attr]
            pass
        assert "authorization" in server.asked[0].headers
        assert "authorization" not in server.asked[1].headers

    def test_edit_sends_the_picture_as_data_before_the_words(
        self, server: Server, provider: Provider
    ) -> None:
        self.finish(provider, replace(self.work(), image=Image.new("RGB", (64, 64))))
        first, second = server.asked[0].json["input"]["messages"][0]["content"]
        assert first["image"].startswith("data:image/png;base64,")
        assert second == {"text": "a star"}

    def test_reference_pictures_follow_the_first_before_the_words(
        self, server: Server, provider: Provider
    ) -> None:
        first, other = Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")
        self.finish(provider, replace(self.work(), image=first, references=(other,)))
        sent = server.asked[0].json["input"]["messages"][0]["content"]
        assert sent == [{"image": data_uri(first)}, {"image": data_uri(other)}, {"text": "a star"}]

    @pytest.mark.parametrize(
        ("body", "code", "sent"),
        [
            ({"code": "DataInspectionFailed", "message": "no"}, "content_refused", Sent.YES),
            ({"code": "InvalidParameter", "message": "no"}, "provider_refused", Sent.YES),
            ({"code": "Throttling", "message": "no"}, "provider_unavailable", Sent.NO),
            ({"output": {"choices": []}}, "provider_answer_unreadable", Sent.YES),
            ({"output": None}, "provider_answer_unreadable", Sent.YES),
        ],
    )
    def test_success_that_is_none(
        self, server: Server, provider: Provider, body: dict[str, Any], code: str, sent: Sent
    ) -> None:
        server.faults = [Reply(body=body)]
        error = self.fail(provider)
        assert (error.code, error.sent) == (code, sent)
        assert self.creates(server) == 1

    def test_rewritten_prompt_is_told(self, server: Server, provider: Provider) -> None:
        output = self.choices(Asked("", "", {"host": "x"}, b""), 1)
        output["choices"][0]["message"]["content"].append({"text": "a bright star"})
        server.faults = [Reply(body={"output": output})]
        assert self.finish(provider, self.work()).made[0].revised_prompt == "a bright star"

    def test_check_needs_the_key(self, server: Server) -> None:
        provider = self.make(server.url, options={"workspace": "ws-1"})
        assert provider.check() == {"tasks": 2}
        headers = server.asked[0].headers
        assert headers["authorization"] == "Bearer secret-key-of-the-test"
        assert headers["x-dashscope-workspace"] == "ws-1"
        assert self.creates(server) == 0


class Tasks(DashScope, PolledContract):
    """Ways that are asked for."""

    refusal = task("FAILED", code="DataInspectionFailed", message="no")
    failed = task("FAILED", code="InternalError.Timeout", message="no")
    unknown = task("SUSPENDED_FOR_EVER")

    @pytest.fixture(autouse=True)
    def _numbers(self) -> None:
        self.ordered_numbers: dict[str, int] = {}
        self.asked_of: dict[str, int] = {}

    def respond(self, asked: Asked) -> Reply:
        path = path_of(asked)
        if self.is_create(asked):
            name = f"t-{len(self.ordered_numbers)}"
            self.ordered_numbers[name] = asked.json["parameters"].get("n", 1)
            return Reply(
                body={"output": {"task_id": name, "task_status": "PENDING"}, "request_id": "r"}
            )
        if not path.startswith("/tasks/"):
            return super().respond(asked)
        name = path.split("/")[2]
        self.asked_of[name] = self.asked_of.get(name, 0) + 1
        if self.asked_of[name] == 1:
            return task("RUNNING", submit_time="2026-11-28 18:00:00.000")
        return task("SUCCEEDED", **self.output(asked, self.ordered_numbers[name]))

    def output(self, asked: Asked, number: int) -> dict[str, Any]:
        """Return what a task has made."""
        return self.choices(asked, number)

    def test_refused_create_is_the_order_s_own(self, server: Server, provider: Provider) -> None:
        for body in (
            envelope("DataInspectionFailed"),
            replace(envelope("DataInspectionFailed"), status=200),
        ):
            server.faults = [body]
            error = self.fail(provider)
            assert (error.code, error.retryable, error.sent) == ("content_refused", False, Sent.YES)

    def test_task_that_is_gone_may_have_been_made(self, server: Server, provider: Provider) -> None:
        for body in (task("UNKNOWN"), Reply(body={"code": "InvalidParameter", "message": "no"})):
            error = self.poll_badly(server, provider, body)
            assert (error.sent, error.is_billed) == (Sent.MAYBE, False)

    @pytest.mark.parametrize(
        ("answer", "then", "outcome"),
        [
            (Reply(body={"request_id": "r"}), None, CancelOutcome.FREE),
            (envelope("UnsupportedOperation"), task("RUNNING"), CancelOutcome.BILLED),
            (envelope("UnsupportedOperation"), task("SUCCEEDED"), CancelOutcome.BILLED),
            (envelope("UnsupportedOperation"), task("CANCELED"), CancelOutcome.FREE),
            (Reply(404, {}), task("UNKNOWN"), CancelOutcome.UNKNOWN),
        ],
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, answer: Reply, then: Reply | None, outcome: str
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [answer] + ([then] if then else [])
        assert provider.cancel(remote_id) is outcome
        assert server.count("POST", "/tasks/t-0/cancel") == 1

    def test_cancel_that_is_lost_is_tried_again(self, server: Server, provider: Provider) -> None:
        remote_id = self.ordered(provider)
        server.faults = [Reply(502, {})]
        with pytest.raises(ProviderError) as caught:
            provider.cancel(remote_id)
        assert caught.value.retryable

    def test_id_of_the_vendor_leaves_its_place_in_no_address(
        self, server: Server, provider: Provider
    ) -> None:
        self.ordered_numbers["a%2Fb%2C%3A%3Fc"] = 1
        server.faults = [Reply(body={"output": {"task_id": "a/b,:?c", "task_status": "PENDING"}})]
        assert len(self.finish(provider, self.work(1)).made) == 1
        assert server.asked[1].path == "/tasks/a%2Fb%2C%3A%3Fc"


class TestTasks(Tasks):
    """Wan 2.6 and newer."""

    card = WAN_NEW
    makes_two_at_once = True

    def test_several_pictures_are_one_create(self, server: Server, provider: Provider) -> None:
        work = self.work(3, negative_prompt="blurry")
        assert len(self.finish(provider, work).made) == 3
        assert self.creates(server) == 1
        asked = server.asked[0]
        assert asked.path == "/services/aigc/image-generation/generation"
        assert asked.headers["x-dashscope-async"] == "enable"
        parameters = {
            "size": "1024*1024",
            "prompt_extend": False,
            "n": 3,
            "negative_prompt": "blurry",
        }
        assert asked.json["parameters"] == parameters

    def test_seeds_of_their_own_are_calls_of_their_own(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(2, seeds=(7, 8)))
        assert [made.seed for made in finished.made] == [7, 8]
        assert self.creates(server) == 2

    def test_task_is_asked_for_by_its_bare_name_too(
        self, server: Server, provider: Provider
    ) -> None:
        self.ordered(provider, 2)
        assert len(self.finish_of(provider, "t-0").made) == 2


class TestSynthesis(Tasks):
    """Wan 2.5 and older."""

    card = WAN_OLD
    makes_two_at_once = True

    def output(self, asked: Asked, number: int) -> dict[str, Any]:
        url = f"http://{asked.headers['host']}/files/1.png"
        result = {"url": url, "orig_prompt": "a star", "actual_prompt": "a bright star"}
        return {"results": [result] * number, "task_metrics": {"TOTAL": number}}

    def test_body_is_of_the_older_form(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work(negative_prompt="blurry"))
        assert server.asked[0].path == "/services/aigc/text2image/image-synthesis"
        assert server.asked[0].json["input"] == {"prompt": "a star", "negative_prompt": "blurry"}
        assert finished.made[0].revised_prompt == "a bright star"

    def test_picture_to_start_from_is_refused_by_name(
        self, server: Server, provider: Provider
    ) -> None:
        picture = Image.new("RGB", (64, 64))
        with pytest.raises(Unsupported, match="references"):
            provider.submit(replace(self.work(), references=(picture,)))
        with pytest.raises(Unsupported, match="image"):
            provider.submit(replace(self.work(), image=picture))
        assert server.asked == []

    def test_success_with_a_failed_picture_is_one_less(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider, 3)
        refused = {"code": "DataInspectionFailed", "message": "no"}
        server.faults = [task("SUCCEEDED", results=[refused, {"url": f"{server.url}/files/1.png"}])]
        finished = provider.poll(remote_id)
        assert isinstance(finished, Finished)
        assert [made.position for made in finished.made] == [1]
        missing = [(one.position, one.code) for one in finished.not_made]
        assert missing == [(0, "content_refused"), (2, "generation_failed")]

    def test_success_of_failed_pictures_is_none(self, server: Server, provider: Provider) -> None:
        refused = {"code": "DataInspectionFailed", "message": "no"}
        error = self.poll_badly(server, provider, task("SUCCEEDED", results=[refused]))
        assert (error.code, error.retryable) == ("content_refused", False)

    def test_lost_order_is_found_by_model_time_and_prompt(
        self, server: Server, provider: Provider
    ) -> None:
        sent_at = datetime.datetime(2026, 11, 28, 17, 0, tzinfo=datetime.UTC)
        at = sent_at.timestamp() * 1000
        listed = [
            {"task_id": f"t-{i}", "status": "RUNNING", "gmt_create": at + i} for i in range(3)
        ]
        told = {"submit_time": "2026-11-29 01:00:01.500"}
        server.faults = [
            Reply(body={"data": listed}),
            task("SUCCEEDED", results=[{"url": "u", "orig_prompt": "a moon"}]),
            task("RUNNING", **told),
            task("SUCCEEDED", results=[{"url": "u", "orig_prompt": "a star"}]),
        ]
        spec = GenerationSpec("image", "any", "a star", "", 1024, 1024, number=2, seeds=(5, 6))
        until = sent_at + datetime.timedelta(minutes=2)
        found = provider.find_lost(Lost(spec, self.card, sent_at, until))
        assert [(one.remote_id, one.is_same_prompt, one.state) for one in found] == [
            ("t-2:1:5,!answer_lost", True, "SUCCEEDED"),
            ("t-1:1:5,!answer_lost", None, "RUNNING"),
            ("t-0:1:5,!answer_lost", False, "SUCCEEDED"),
        ]
        asked = parse_qs(urlsplit(server.asked[0].path).query)
        assert asked["model_name"] == ["wan2.2-t2i-flash"]
        assert asked["start_time"] == ["20261129005830"]
        assert asked["end_time"] == ["20261129010330"]
        self.ordered_numbers["t-2"], self.asked_of["t-2"] = 1, 1
        finished = self.finish_of(provider, found[0].remote_id)
        assert ([one.seed for one in finished.made], len(finished.not_made)) == ([5], 1)

    def test_times_are_those_of_the_vendor_s_clock(
        self, server: Server, provider: Provider
    ) -> None:
        told = task("RUNNING", submit_time="2026-11-29 01:00:01.500")
        server.faults = [Reply(body={"tasks": [{"task_id": "t-9"}]}), told]
        at = datetime.datetime(2026, 11, 28, 17, 0, tzinfo=datetime.UTC)
        spec = GenerationSpec("image", "any", "a star", "", 1024, 1024)
        (found,) = provider.find_lost(Lost(spec, self.card, at, at))
        assert found.created_at == at + datetime.timedelta(seconds=1.5)
