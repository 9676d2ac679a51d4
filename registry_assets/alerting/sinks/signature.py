"""Signatures of webhooks, as Standard Webhooks has them, so that its libraries verify ours."""

import base64
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"
SHORTEST_SECRET = 24
"""Bytes, as the specification asks for."""


def signed_headers(secret: str, *, key: str, now: datetime, body: bytes) -> dict[str, str]:
    """Give the headers that go with a body.

    Args:
        secret: `whsec_` and base64.
        key: the occasion's: the same at every attempt.
        now: when this attempt is made.
    """
    seconds = str(int(now.timestamp()))
    signed = b".".join((key.encode(), seconds.encode(), body))
    code = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)
    return {
        "webhook-id": key,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(code).decode()}",
    }
