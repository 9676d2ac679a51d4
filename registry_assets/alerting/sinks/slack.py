"""An incoming webhook of Slack, Mattermost, Rocket.Chat or what else takes the same."""

import json
from dataclasses import dataclass, field

from registry_assets.alerting.rendering.slack import slack_message
from registry_assets.alerting.sinks.http import Post
from registry_assets.alerting.values import Occasion


@dataclass(frozen=True, slots=True)
class SlackSink:
    """Posts messages of blocks; who has the address can post, so it is a secret."""

    name: str
    url: str = field(repr=False)

    def send(self, occasion: Occasion) -> None:
        """Post one occasion.

        Raises:
            DeliveryFailed: it was not taken.
        """
        body = json.dumps(slack_message(occasion), allow_nan=False).encode()
        Post(self.name, self.url).send(body, headers={"content-type": "application/json"})
