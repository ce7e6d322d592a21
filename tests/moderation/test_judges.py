"""Adapters of moderation services: what each sends, how it signs, and that no answer is no consent."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from generation.moderation.judges import tencent
from generation.moderation.judges.base import Judge
from generation.moderation.judges.registry import JUDGES, find_judge
from generation.moderation.judges.signing import canonical, digest, keyed, names_of
from generation.providers.base import AccountSettings
from generation.providers.errors import ProviderError
from tests.providers.vendors.server import Asked, Cut, Reply, Server

TEXT, JPEG = "一幅 picture", b"\xff\xd8jpeg"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda asked: Reply(500)).running() as server:
        yield server


@pytest.fixture
def make(server: Server) -> Callable[..., Judge]:
    def make(adapter: str, **options: Any) -> Judge:
        account = AccountSettings(
            "acc", server.url, "name:secret-of-the-test", options, 5, 20, frozenset({"127.0.0.1"})
        )
        return find_judge(adapter)(account)

    return make


def labels_of(judge: Judge) -> tuple[str, ...]:
    if judge.judges_texts:
        [verdict] = judge.judge_texts([TEXT])
    else:
        verdict = judge.judge_picture(JPEG)
    assert verdict.service == "acc"
    return verdict.labels


def openai(**words: Any) -> Any:
    return {"results": [{"flagged": False, "categories": {}, "category_scores": {}, **words}]}


def vision(**words: str) -> Any:
    return {"responses": [{"safeSearchAnnotation": {"adult": "UNLIKELY", "violence": "POSSIBLE", "racy": "LIKELY", **words}}]}  # fmt: skip


def rekognition(*labels: tuple[str, float, str]) -> Any:
    names = ("Name", "Confidence", "ParentName")
    return {"ModerationLabels": [dict(zip(names, one, strict=True)) for one in labels]}


def tms(suggestion: str, label: str = "Normal") -> Any:
    return {"Response": {"Suggestion": suggestion, "Label": label, "RequestId": "1"}}


def green(risk: str, *labels: str) -> Any:
    return {"Code": 200, "Data": {"RiskLevel": risk, "Result": [{"Label": one, "Confidence": 9.5} for one in labels]}}  # fmt: skip


SAID: list[tuple[str, dict[str, Any], Any, tuple[str, ...]]] = [
    ("openai", {}, openai(), ()),
    ("openai", {}, openai(flagged=True, categories={"hate": True, "sexual": None}), ("hate",)),
    ("vision", {}, vision(), ()),
    ("vision", {}, vision(adult="LIKELY", racy="VERY_LIKELY"), ("adult", "racy")),
    ("vision", {"least": {"racy": "LIKELY"}, "ignore": ["adult"]}, vision(adult="LIKELY"), ("racy",)),
    ("rekognition", {}, rekognition(), ()),
    ("rekognition", {}, rekognition(("Explicit Nudity", 99.5, "Explicit")), ("Explicit Nudity",)),
    ("rekognition", {"ignore": ["Explicit"]}, rekognition(("Explicit Nudity", 99.5, "Explicit")), ()),
    ("rekognition", {"least": 99.9}, rekognition(("Explicit Nudity", 99.5, "Explicit")), ()),
    ("tencent", {}, tms("Pass"), ()),
    ("tencent", {}, tms("Block", "Porn"), ("Porn",)),
    ("tencent", {}, tms("Review", "Ad"), ("Ad",)),
    ("tencent", {"takes_review": True}, tms("Review", "Ad"), ()),
    ("aliyun", {}, green("none"), ()),
    ("aliyun", {}, green("low", "ad"), ()),
    ("aliyun", {}, green("medium", "sexual_content"), ("sexual_content",)),
    ("aliyun", {"least": "low"}, green("low", "ad"), ("ad",)),
    ("aliyun", {}, green("high"), ("high",)),
]  # fmt: skip


@pytest.mark.parametrize(("adapter", "options", "body", "labels"), SAID)
def test_answer_means_what_the_vendor_says(
    adapter: str, options: Any, body: Any, labels: Any, server: Server, make: Callable[..., Judge]
) -> None:
    server.respond = lambda asked: Reply(body=body)
    assert labels_of(make(adapter, **options)) == labels


NONE: dict[str, list[Any]] = {
    "openai": [{"results": []}, openai(flagged="no"), openai(category_scores={"hate": -1})],
    "vision": [
        {"responses": []}, {"responses": [{}]}, {"responses": [{"error": {"code": 3}}]}, vision(adult="UNKNOWN"),
        {"responses": [{"safeSearchAnnotation": {"adult": "UNLIKELY"}}]}, vision(racy="SURELY"),
    ],
    "rekognition": [{}, rekognition(("x", 300, "")), {"ModerationLabels": [{"Name": "x"}]}],
    "tencent": [{}, tms("Maybe"), {"Response": {}}, {"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": "no"}}}],
    "aliyun": [{}, {"Code": 200}, green("strange"), {"Code": 408, "Message": "no rights", "Data": {"RiskLevel": "none"}}],
}  # fmt: skip


@pytest.mark.parametrize("adapter", JUDGES)
def test_no_answer_is_no_consent(adapter: str, server: Server, make: Callable[..., Judge]) -> None:
    replies = [Reply(body=body) for body in NONE[adapter]]
    replies += [Reply(500), Reply(403, {"message": "no"}), Reply(200, b"<html>"), Cut(200, openai()), Reply(200, b" " * 2**21)]  # fmt: skip
    for reply in replies:
        server.respond = lambda asked, reply=reply: reply  # type: ignore[misc]
        with pytest.raises(ProviderError) as refused:
            labels_of(make(adapter))
        assert "secret-of-the-test" not in str(refused.value)


def sent(server: Server, judge: Judge, body: Any) -> Asked:
    server.respond = lambda asked: Reply(body=body)
    labels_of(judge)
    return server.asked[-1]


def test_each_sends_what_its_vendor_reads(server: Server, make: Callable[..., Judge]) -> None:
    asked = sent(server, make("vision"), vision())
    assert (asked.path, asked.headers["x-goog-api-key"]) == ("/v1/images:annotate", "name:secret-of-the-test")  # fmt: skip
    [request] = asked.json["requests"]
    assert base64.b64decode(request["image"]["content"]) == JPEG
    asked = sent(server, make("tencent", biz_type="pictures"), tms("Pass"))
    assert base64.b64decode(asked.json["Content"]).decode() == TEXT
    assert (asked.headers["x-tc-action"], asked.json["BizType"]) == ("TextModeration", "pictures")
    asked = sent(server, make("aliyun"), green("none"))
    form = parse_qs(asked.body.decode())
    assert json.loads(form["ServiceParameters"][0]) == {"content": TEXT}
    assert asked.headers["x-acs-content-sha256"] == digest(asked.body)
    asked = sent(server, make("rekognition"), rekognition())
    assert asked.headers["x-amz-target"] == "RekognitionService.DetectModerationLabels"
    assert base64.b64decode(asked.json["Image"]["Bytes"]) == JPEG


def test_long_text_is_judged_part_by_part(server: Server, make: Callable[..., Judge]) -> None:
    server.respond = lambda asked: Reply(body=green("high", "ad") if "z" in asked.body.decode() else green("none"))  # fmt: skip
    [verdict] = make("aliyun").judge_texts(["字" * 3000 + "z"])
    assert (verdict.labels, len(server.asked)) == (("ad",), 2)


def test_signature_of_amazon_is_that_of_its_own_library(
    server: Server, make: Callable[..., Judge]
) -> None:
    asked = sent(server, make("rekognition", region="eu-west-1"), rekognition())
    headers = {name: asked.headers[name] for name in ("content-type", "x-amz-target", "x-amz-date")}
    request = AWSRequest("POST", f"{server.url}/", headers, asked.body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("name", "secret-of-the-test"), "rekognition", "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert asked.headers["authorization"].endswith(f"Signature={signer.signature(text, request)}")


def test_signatures_are_those_of_the_vendors_own_examples() -> None:
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE:Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    signed = tencent.sign(key, "cvm", "cvm.tencentcloudapi.com", body, 1551113065)
    assert signed.endswith("72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-content-sha256": digest(b""),
        "x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }  # fmt: skip
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    asked = canonical("/", query, headers, b"")
    assert digest(asked.encode()) == "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"  # fmt: skip
    text = f"ACS3-HMAC-SHA256\n{digest(asked.encode())}"
    assert keyed(b"YourAccessKeySecret", text).hex() == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"  # fmt: skip
    assert names_of(headers).startswith("host;x-acs-action;")


@pytest.mark.parametrize("adapter", ["rekognition", "tencent", "aliyun"])
def test_key_that_is_no_pair_is_said_to_be_none(adapter: str) -> None:
    judge = find_judge(adapter)(AccountSettings("acc", "https://example.com", "alone"))
    with pytest.raises(ValueError, match="the key must be"):
        labels_of(judge)
