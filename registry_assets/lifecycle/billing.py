"""What a version is made of, gathered for a bill of materials.

Read from the catalog's rows and from manifests in the store, each verified; no model code runs. How
it is written is `registry_assets.converting.cyclonedx`.
"""

import json

from registry_assets.catalog.provenance import read_identity
from registry_assets.converting.cyclonedx import Bill
from registry_assets.evaluation.report.values import Card
from registry_assets.lifecycle.backends import Backends
from registry_assets.lifecycle.carding import read_card
from registry_assets.packaging.package import ENVIRONMENT
from registry_assets.references import Reference
from registry_assets.store.manifests import read_manifest


def read_bill(backends: Backends, reference: Reference) -> Bill:
    """Gather what a committed version is made of.

    Raises:
        NotFound, VersionFailed, InvalidReference: it names no committed version.
        BlobMissing, BlobCorrupt: its files, its data's or its evaluation's are damaged.
    """
    return bill_of(backends, read_card(backends, reference))


def bill_of(backends: Backends, card: Card) -> Bill:
    """Gather what the version of a card is made of."""
    store = backends.store
    manifest = read_manifest(store, card.digest)
    with backends.catalog.read() as connection:
        registry = read_identity(connection) or ""
    return Bill(
        card=card,
        manifest=manifest,
        environment=json.loads(store.read(manifest.file(ENVIRONMENT).sha256)),
        registry=registry,
        made_from={
            each.digest: tuple(
                dict.fromkeys(parent.digest for parent in read_manifest(store, each.digest).parents)
            )
            for each in (*card.train, *card.holdout)
        },
    )
