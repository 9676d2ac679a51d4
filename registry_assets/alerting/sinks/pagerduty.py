"""PagerDuty's Events API v2."""

import json
from dataclasses import dataclass, field

from registry_assets.alerting.rendering.pagerduty import pagerduty_event
from registry_assets.alerting.sinks.http import Post
from registry_assets.alerting.values import Occasion


@dataclass(frozen=True, slots=True)
class PagerDutySink:
    """Triggers, acknowledges and resolves one incident an alert."""

    name: str
    url: str
    routing_key: str = field(repr=False)

    def send(self, occasion: Occasion) -> None:
        """Post one occasion; what would open an incident anew that has ended is left out.

        Raises:
            DeliveryFailed: it was not taken.
        """
        event = pagerduty_event(occasion, routing_key=self.routing_key)
        if event is None:
            return
        body = json.dumps(event, allow_nan=False).encode()
        post = Post(self.name, self.url, (self.routing_key,))
        post.send(body, headers={"content-type": "application/json"})
