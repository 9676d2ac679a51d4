"""An occasion as a CloudEvent, version 1.0, in structured mode."""

from registry_assets.alerting.values import Occasion
from registry_assets.canonical import Json

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
TYPE = "registry_assets.alert"


def cloud_event(occasion: Occasion) -> dict[str, Json]:
    """Give the event as JSON; `source` and `id` together name the occasion for ever."""
    alert = occasion.alert
    return {
        "specversion": "1.0",
        "id": occasion.key,
        "source": f"/registries/{alert.registry}/models/{alert.model}",
        "type": f"{TYPE}.{occasion.kind}",
        "subject": alert.name,
        "time": occasion.at,
        "datacontenttype": "application/json",
        "data": occasion.to_json(),
    }
