"""Where alerts go: each sink sends one occasion, at once, or says why it could not.

A sink keeps nothing and tries nothing again. The same occasion may be sent twice: every sink
passes its key on, by which a receiver knows it again.
"""

from registry_assets.alerting.sinks.opening import open_sink
from registry_assets.alerting.sinks.protocol import Sink

__all__ = ["Sink", "open_sink"]
