"""CloudEvents to an address of one's own, signed."""

from dataclasses import dataclass, field

from registry_assets.alerting.rendering.cloud_events import CONTENT_TYPE, cloud_event
from registry_assets.alerting.sinks.deadline import QUIET_SECONDS, SECONDS
from registry_assets.alerting.sinks.http import Post
from registry_assets.alerting.sinks.signature import signed_headers
from registry_assets.alerting.values import Occasion
from registry_assets.canonical import canonical_json
from registry_assets.clock import Clock, system_clock


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """Posts CloudEvents in structured mode.

    Args:
        secret: `whsec_` and base64; empty signs nothing.
        clock: the machine's time.
        seconds, quiet_seconds: see `http.Post`.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    clock: Clock = system_clock
    seconds: float = SECONDS
    quiet_seconds: float = QUIET_SECONDS

    def send(self, occasion: Occasion) -> None:
        """Post one occasion.

        Raises:
            DeliveryFailed: it was not taken.
        """
        body = canonical_json(cloud_event(occasion))
        headers = {"content-type": CONTENT_TYPE, "webhook-id": occasion.key}
        if self.secret:
            now = self.clock()
            headers |= signed_headers(self.secret, key=occasion.key, now=now, body=body)
        secrets = (self.secret,) if self.secret else ()
        post = Post(self.name, self.url, secrets, self.seconds, self.quiet_seconds)
        post.send(body, headers=headers)
