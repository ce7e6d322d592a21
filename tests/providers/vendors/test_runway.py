"""Runway."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Provider, Waiting
from generation.spec import ModelCard
from tests.providers.vendors.clips import ClipContract, file_reply
from tests.providers.vendors.server import Asked, Reply, Server, path_of


def task(status: str, **words: Any) -> Reply:
    usual = {"id": "b5f9c0de", "status": status, "createdAt": "2026-11-28T10:00:00Z"}
    return Reply(body={**usual, **words})


class TestRunway(ClipContract):
    """Runway's own models."""

    adapter = "runway"
    card = ModelCard("any", vendor_model="gen4.5", unsupported=("audio",))
    refusal = task("FAILED", failure="no", failureCode="SAFETY.INPUT.TEXT", cost={"credits": 0})
    unknown = task("DREAMING")
    failed = task("FAILED", failure="sorry", failureCode="INTERNAL.BAD_OUTPUT.CODE01")
    bad_key = Reply(401, {"error": "Invalid key"})
    no_quota = Reply(402, {"error": "No credits"})
    busy = Reply(429, {"error": "Daily limit"})
    broken = Reply(500, {"error": "Sorry"})

    def respond(self, asked: Asked) -> Reply:
        if path_of(asked) == "/clip.mp4":
            return file_reply()
        if asked.method == "POST":
            return Reply(body={"id": "b5f9c0de", "estimatedCost": {"credits": 100}})
        url = f"http://{asked.headers['host']}/clip.mp4"
        return task("SUCCEEDED", output=[url], cost={"credits": 60})

    def test_body_says_what_was_ordered_and_no_more(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work(seeds=(2**32 + 7,)))
        created, polled = server.asked[:2]
        assert (created.path, polled.path) == ("/v1/text_to_video", "/v1/tasks/b5f9c0de")
        assert created.headers["x-runway-version"] == "2024-11-06"
        assert created.json == {
            "model": "gen4.5", "promptText": "a star", "ratio": "1280:720", "duration": 5, "seed": 7,
        }  # fmt: skip
        # What it did cost, not what the create quoted at most.
        assert finished.usage.cost_usd == Decimal("0.6")

    def test_first_and_last_picture_stand_in_their_places(
        self, server: Server, provider: Provider
    ) -> None:
        picture = Image.new("RGB", (64, 36))
        work = replace(self.work(image="art_1"), image=picture)
        provider.submit(work)
        provider.submit(replace(work, last_image=picture))
        assert {asked.path for asked in server.asked} == {"/v1/image_to_video"}
        frames = [asked.json["promptImage"] for asked in server.asked]
        assert [[frame["position"] for frame in one] for one in frames] == [
            ["first"],
            ["first", "last"],
        ]
        assert frames[0][0]["uri"].startswith("data:image/jpeg;base64,")

    def test_sound_is_said_where_the_model_has_it(self, server: Server, provider: Provider) -> None:
        card = ModelCard("any", vendor_model="veo3.1")
        for sounds in (True, False):
            provider.submit(replace(self.work(audio=sounds), card=card))
            assert server.asked[-1].json["audio"] is sounds

    @pytest.mark.parametrize("status", ["THROTTLED", "PENDING", "RUNNING"])
    def test_who_waits_there_is_waited_for(
        self, server: Server, provider: Provider, status: str
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [task(status, progress=0.4)] * 3
        for _ in range(3):
            assert provider.poll(remote_id) == Waiting(0.4, 5.0)

    @pytest.mark.parametrize(("credits", "billed"), [(0, False), (25, True), (None, False)])
    def test_failure_that_costs_is_billed(
        self, server: Server, provider: Provider, credits: int | None, billed: bool
    ) -> None:
        cost = {} if credits is None else {"cost": {"credits": credits}}
        error = self.poll_badly(server, provider, task("FAILED", failureCode="INTERNAL", **cost))
        assert error.is_billed is billed

    @pytest.mark.parametrize(
        ("answers", "outcome", "deletes"),
        [
            ([task("PENDING"), Reply(200, b""), Reply(404, {"error": "gone"})], CancelOutcome.FREE, 1),
            ([task("THROTTLED"), Reply(204, b""), task("CANCELLED", cost={"credits": 0})], CancelOutcome.FREE, 1),
            # It began between the question and the cancel.
            ([task("PENDING"), Reply(200, b""), task("CANCELLED", cost={"credits": 25})], CancelOutcome.BILLED, 1),
            ([task("PENDING"), Reply(200, b""), Reply(503, {})], CancelOutcome.UNKNOWN, 1),
            ([task("RUNNING", progress=0.1)], CancelOutcome.BILLED, 0),
            ([task("SUCCEEDED", output=["x"], cost={"credits": 60})], CancelOutcome.BILLED, 0),
            ([task("FAILED", cost={"credits": 0})], CancelOutcome.FREE, 0),
        ],
        ids=str,
    )  # fmt: skip
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, answers: list[Reply], outcome: CancelOutcome, deletes: int
    ) -> None:  # fmt: skip
        server.faults = list(answers)
        assert provider.cancel("b5f9c0de") is outcome
        assert server.count("DELETE", "/v1/tasks/b5f9c0de") == deletes

    def test_done_without_an_address_is_paid(self, server: Server, provider: Provider) -> None:
        outputs: list[Any] = [[], None]
        for output in outputs:
            error = self.poll_badly(server, provider, task("SUCCEEDED", output=output))
            assert (error.code, error.is_billed) == ("provider_answer_unreadable", True)

    def test_check_asks_for_the_balance(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body={"creditBalance": 1200, "tier": {}})]
        assert provider.check() == {"credits": 1200}
