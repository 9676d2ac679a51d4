"""What every part of the façade stands on."""

from registry_assets.home import Home
from registry_assets.lifecycle.backends import Backends


class Part:
    """One group of the façade's methods, over the open registry's backends."""

    home: Home
    backends: Backends
