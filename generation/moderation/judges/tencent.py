"""Tencent Cloud's text moderation (TMS): action TextModeration, version 2020-12-29, signed by TC3-HMAC-SHA256.

Facts: the vendor's API documentation. The key is `<SecretId>:<SecretKey>`. Options: `region` (ap-guangzhou), `biz_type`
(a policy of the account's own), `takes_review` (true: what the vendor would show to a person passes), `ignore`.
"""

import time
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import pybase64

from generation.moderation.judges.base import MOST_ANSWER_BYTES, Judge, Verdict
from generation.moderation.judges.signing import (
    canonical,
    digest,
    key_pair,
    keyed,
    names_of,
    now_seconds,
)
from generation.providers.base import AccountSettings
from generation.providers.errors import Fault
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Meaning, Said, error_of

SERVICE, ACTION, VERSION = "tms", "TextModeration", "2020-12-29"
USUAL_REGION: Final = "ap-guangzhou"
TYPE: Final = "application/json; charset=utf-8"
PASS, REVIEW, BLOCK = "Pass", "Review", "Block"


class Response(msgspec.Struct):
    """What is said of a text, or why nothing is: failures come with HTTP 200."""

    Suggestion: str = ""
    Label: str = ""
    SubLabel: str = ""
    Error: dict[str, str] | None = None


class Answered(msgspec.Struct):
    """An answer."""

    Response: Response


class TencentJudge(Judge):
    """Judges texts, one a call."""

    base_url = "https://tms.tencentcloudapi.com"
    judges_texts = True

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.address = account.base_url or self.base_url
        self.api = VendorApi(account, self.address, {}, explain, most_bytes=MOST_ANSWER_BYTES)

    def judge_text(self, text: str) -> Verdict:
        """Judge a text."""
        body = {"Content": pybase64.b64encode(text.encode("utf-8", "replace")).decode()}
        if biz_type := self.account.options.get("biz_type"):
            body["BizType"] = str(biz_type)
        content = msgspec.json.encode(body)
        answer = self.api.post(
            "/", content=content, headers=self.headers_of(content, now_seconds())
        )
        return self.read(answer.parse(Answered).Response)

    def read(self, said: Response) -> Verdict:
        """Return what an answer means; raise ProviderError for one that is none."""
        if said.Error:
            code = said.Error.get("Code", "")
            meaning = Meaning.KEY if code.startswith("AuthFailure") else Meaning.BROKEN
            error = error_of(meaning, f"{code} {said.Error.get('Message', '')}")
            error.fault = Fault.ACCOUNT
            raise error
        if said.Suggestion not in {PASS, REVIEW, BLOCK}:
            raise unreadable(f"the suggestion {said.Suggestion!r}")
        if said.Suggestion == PASS or (
            said.Suggestion == REVIEW and self.account.options.get("takes_review")
        ):
            return self.verdict([])
        return self.verdict([said.Label or said.Suggestion])

    def headers_of(self, content: bytes, seconds: int) -> dict[str, str]:
        """Return the headers of a request at a time."""
        region = str(self.account.options.get("region", USUAL_REGION))
        return {
            "content-type": TYPE,
            "x-tc-action": ACTION,
            "x-tc-version": VERSION,
            "x-tc-region": region,
            "x-tc-timestamp": str(seconds),
            "authorization": sign(
                self.account.key, SERVICE, urlsplit(self.address).netloc, content, seconds
            ),
        }


def sign(key: str, service: str, host: str, content: bytes, seconds: int) -> str:
    """Return the signature of a body that is sent to a host at a time (TC3-HMAC-SHA256)."""
    name, secret = key_pair(key)
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    scope = f"{day}/{service}/tc3_request"
    headers = {"content-type": TYPE, "host": host}
    asked = canonical("/", "", headers, content)
    text = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{digest(asked.encode())}"
    chain = keyed(keyed(keyed(f"TC3{secret}".encode(), day), service), "tc3_request")
    return (
        f"TC3-HMAC-SHA256 Credential={name}/{scope}, SignedHeaders={names_of(headers)}, "
        f"Signature={keyed(chain, text).hex()}"
    )


def explain(status: int, body: Any) -> Said | None:
    """Read `{"Response": {"Error": {"Code", "Message"}}}`."""
    response = body.get("Response") if isinstance(body, dict) else None
    error = response.get("Error") if isinstance(response, dict) else None
    if not isinstance(error, dict):
        return None
    return Said(str(error.get("Code") or ""), str(error.get("Message") or ""))
