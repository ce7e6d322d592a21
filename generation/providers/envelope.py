"""Failures as OpenAI words them, and the many who speak like it."""

from typing import Any

from generation.providers.sorting import Meaning, Said

MEANINGS = {
    "moderation_blocked": Meaning.REFUSED,
    "content_policy_violation": Meaning.REFUSED,
    "sensitive_words_detected": Meaning.REFUSED,  # new-api's
    "insufficient_quota": Meaning.QUOTA,
    "insufficient_user_quota": Meaning.QUOTA,  # new-api's, with HTTP 403
    "billing_hard_limit_reached": Meaning.QUOTA,
    "invalid_api_key": Meaning.KEY,
    "Forbidden": Meaning.KEY,
}


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error": {message, type, param, code}}`; some relays put words or a bare text there."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return Said(message=error)
    if not isinstance(error, dict):
        return None
    code, kind = str(error.get("code") or ""), str(error.get("type") or "")
    meaning = MEANINGS.get(code) or MEANINGS.get(kind)
    return Said(code or kind, str(error.get("message") or ""), meaning)
