"""Midjourney, by way of a proxy."""

import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Provider, Waiting, Work
from generation.providers.errors import Fault, Sent, Unsupported
from tests.providers.vendors.contract import HTML, picture
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server


def receipt(code: int, description: str = "told so", result: str | None = None) -> Reply:
    return Reply(
        body={"code": code, "description": description, "result": result, "properties": {}}
    )


def task(status: str, **words: Any) -> Reply:
    return Reply(body={"id": "1", "action": "IMAGINE", "status": status, **words})


class TestMidjourney(PolledContract):
    """Grids, and what is done with one of their pictures."""

    adapter = "midjourney"
    refusal = task("FAILURE", failReason="Banned prompt detected")
    bad_key = Reply(
        401, {"error": {"code": "", "message": "invalid token", "type": "new_api_error"}}
    )
    no_quota = replace(receipt(4, "quota_not_enough"), status=403)
    busy = replace(receipt(23, "队列已满"), status=429)
    broken = replace(receipt(9, "no answer from Discord"), status=500)
    unknown = task("MODAL")
    failed = task("FAILURE", failReason="timeout")

    @pytest.fixture(autouse=True)
    def _prompts(self) -> None:
        self.prompts: list[str] = []
        self.asked_of: dict[str, int] = {}

    def is_create(self, asked: Asked) -> bool:
        return "/submit/" in asked.path

    def respond(self, asked: Asked) -> Reply:
        if asked.path.startswith("/files/"):
            return Reply(body=picture(), headers={"content-type": "image/png"})
        if self.is_create(asked):
            self.prompts.append(asked.json.get("prompt", ""))
            return receipt(22 if len(self.prompts) % 2 else 1, result=str(len(self.prompts) - 1))
        if asked.path == "/mj/task/list-by-condition":
            return Reply(body=[])
        name = asked.path.split("/")[3]
        self.asked_of[name] = self.asked_of.get(name, 0) + 1
        if self.asked_of[name] == 1:
            return task("IN_PROGRESS", progress="35%")
        words = {"prompt": self.prompts[int(name)], "promptEn": self.prompts[int(name)]}
        url = f"http://{asked.headers['host']}/files/{name}.png"
        return task("SUCCESS", progress="100%", imageUrl=url, **words)

    def follow_up(self, **words: Any) -> Work:
        return self.work(options={"of": "17", "action": "upscale", "index": 2} | words)

    def test_words_are_flags_of_the_prompt(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"flags": "--v 7", "speed": "fast"})
        work = self.work(width=1344, height=768, seeds=(2**32 + 7,), negative_prompt="blur,\nfog")
        work = replace(work, card=card, callback_url="https://hub.example/call")
        finished = self.finish(provider, work)
        assert server.asked[0].path == "/mj-fast/mj/submit/imagine"
        assert server.asked[0].json == {
            "prompt": "a star --ar 7:4 --seed 7 --v 7 --no blur, fog", "state": "att_1",
            "notifyHook": "https://hub.example/call",
        }  # fmt: skip
        assert server.asked[0].headers["mj-api-secret"] == "secret-key-of-the-test"
        assert (finished.made[0].seed, finished.facts) == (7, {"tasks": ["0"]})

    def test_picture_to_start_from_is_sent_as_data(
        self, server: Server, provider: Provider
    ) -> None:
        self.finish(provider, replace(self.work(), image=Image.new("RGB", (64, 64))))
        (sent,) = server.asked[0].json["base64Array"]
        assert sent.startswith("data:image/png;base64,")

    def test_id_of_the_proxy_leaves_its_place_in_no_address(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [receipt(1, result="../a,b")]
        remote_id = self.ordered(provider)
        provider.poll(remote_id)
        assert server.asked[1].path == "/mj/task/..%2Fa%2Cb/fetch"

    def test_progress_is_told(self, provider: Provider) -> None:
        outcome = provider.poll(self.ordered(provider))
        assert isinstance(outcome, Waiting)
        assert outcome.progress == 0.35

    @pytest.mark.parametrize(
        ("action", "body"),
        [
            ("upscale", {"taskId": "17", "action": "UPSCALE", "index": 2}),
            ("variation", {"taskId": "17", "action": "VARIATION", "index": 2}),
            ("reroll", {"taskId": "17", "action": "REROLL"}),
        ],
    )
    def test_order_goes_on_with_a_grid(
        self, server: Server, provider: Provider, action: str, body: dict[str, Any]
    ) -> None:
        self.finish(provider, self.follow_up(action=action))
        assert server.asked[0].path == "/mj/submit/change"
        assert server.asked[0].json == {**body, "state": "att_1"}
        assert self.creates(server) == 1

    def test_same_action_again_is_the_task_that_exists(
        self, server: Server, provider: Provider
    ) -> None:
        self.prompts.append("")
        server.faults = [receipt(21, "任务已存在", "0")]
        assert self.finish(provider, self.follow_up()).made

    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ({"action": "fly"}, "action"),
            ({"index": 5}, "index"),
            ({"index": "U2"}, "index"),
            ({"of": ""}, "of"),
            ({"of": {"a": 1}}, "of"),
            ({"zoom": 2}, "zoom"),
        ],
    )
    def test_follow_up_that_means_nothing_is_refused_by_name(
        self, server: Server, provider: Provider, words: dict[str, Any], name: str
    ) -> None:
        with pytest.raises(Unsupported, match=f"^{name}"):
            provider.submit(self.follow_up(**words))
        assert server.asked == []

    def test_follow_up_is_of_one_picture_and_takes_no_other_words(
        self, server: Server, provider: Provider
    ) -> None:
        follow_up = self.follow_up()
        several = replace(follow_up, spec=replace(follow_up.spec, number=2))
        seeded = replace(follow_up, spec=replace(follow_up.spec, seeds=(7,)))
        for work, name in ((several, "number"), (seeded, "seed")):
            with pytest.raises(Unsupported, match=f"^{name}"):
                provider.submit(work)
        with pytest.raises(Unsupported, match=r"^index"):
            provider.submit(self.work(options={"index": 2}))
        assert server.asked == []

    def test_speed_that_nobody_sells_is_refused(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"speed": "../../admin"})
        with pytest.raises(Unsupported, match="speed"):
            provider.submit(replace(self.work(), card=card))
        assert server.asked == []

    @pytest.mark.parametrize(
        ("answer", "code", "sent", "fault"),
        [
            (receipt(24, "可能包含敏感词"), "content_refused", Sent.YES, Fault.ORDER),
            (receipt(4, "prompt is empty"), "provider_refused", Sent.YES, Fault.ORDER),
            (receipt(4, "用户额度不足"), "provider_unavailable", Sent.NO, Fault.KEY),
            (receipt(23, "队列已满"), "provider_unavailable", Sent.NO, Fault.KEY),
            (receipt(3, "无可用的账号实例"), "provider_unavailable", Sent.NO, Fault.ACCOUNT),
            (receipt(1, "taken"), "provider_unavailable", Sent.MAYBE, Fault.ACCOUNT),
            (receipt(99), "provider_unavailable", Sent.MAYBE, Fault.ACCOUNT),
        ],
    )
    def test_code_of_a_success_says_what_it_means(
        self, server: Server, provider: Provider, answer: Reply, code: str, sent: Sent, fault: Fault
    ) -> None:  # fmt: skip
        server.faults = [answer]
        error = self.fail(provider)
        assert (error.code, error.sent, error.fault) == (code, sent, fault)
        assert self.creates(server) == 1

    @pytest.mark.parametrize(
        ("before", "answer", "outcome"),
        [
            ("SUBMITTED", receipt(1), CancelOutcome.FREE),
            ("IN_PROGRESS", receipt(1), CancelOutcome.UNKNOWN),
            ("IN_PROGRESS", receipt(9), CancelOutcome.BILLED),
            ("SUBMITTED", Reply(404, {}), CancelOutcome.BILLED),
        ],
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, before: str, answer: Reply, outcome: CancelOutcome
    ) -> None:  # fmt: skip
        remote_id = self.ordered(provider)
        server.faults = [task(before), answer]
        assert provider.cancel(remote_id) is outcome

    def test_callback_is_a_hint_and_no_more(self, server: Server, provider: Provider) -> None:
        body = json.dumps({"id": "17", "status": "SUCCESS", "imageUrl": "http://evil/x"}).encode()
        assert provider.parse_callback({}, body).remote_id == "17"
        for forged in (b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"', b"\xff", HTML):
            with pytest.raises(ValueError, match=r"no (callback|id)"):
                provider.parse_callback({}, forged)
        assert server.asked == []

    def test_check_needs_the_key_and_says_what_this_is(
        self, server: Server, provider: Provider
    ) -> None:
        assert provider.check() == {"tasks": 0, "unofficial": True}
        assert self.creates(server) == 0
