"""What one tick of a sensor looks at: all of them only read, and ask for runs."""

from dataclasses import dataclass

import dagster as dg

from registry_assets.declaration import RegisteredModel
from registry_assets.orchestration.keys import Names
from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True)
class Look:
    """Dagster, the registry and the declaration, as they are at one tick."""

    instance: dg.DagsterInstance
    registry: Registry
    declared: RegisteredModel

    @property
    def names(self) -> Names:
        """What the model's things are called."""
        return Names(self.declared.name)
