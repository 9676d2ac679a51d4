"""The registered model in MLflow, its versions and its aliases."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry_assets.errors import MirrorRefused
from registry_assets.mirroring.mlflow import telling
from registry_assets.mirroring.mlflow.calling import ABSENT, PRESENT, Calls, is_code
from registry_assets.mirroring.mlflow.names import DIGEST, MODEL, REGISTRY
from registry_assets.mirroring.protocol import Outgoing

_PAGE = 200


def find_model(calls: Calls, name: str) -> Any:
    """Give the registered model; None where there is none.

    Raises:
        MirrorRefused: what is given is another one, or none at all.
    """
    with calls.to(f"the registered model {name} cannot be read") as client:
        try:
            found = client.get_registered_model(name)
        except Exception as error:
            if is_code(error, ABSENT):
                return None
            raise
    # A server that finds names however they are capitalised, or `{}` of some other program.
    if found.name != name:
        raise MirrorRefused(
            f"{calls.address.url} was asked for the registered model {name!r:.200}, and gives"
            f" {found.name!r:.200}",
            hint="nothing here was changed; write the name as it is written there, or find out"
            " what answers at that address",
        )
    return found


def claim_model(calls: Calls, name: str, outgoing: Outgoing) -> Any:
    """Make the registered model, or take one that belongs to no other model of ours.

    Raises:
        MirrorRefused: another model, or another registry, publishes to it.
    """
    ours = {REGISTRY: outgoing.registry, MODEL: outgoing.model}
    found = find_model(calls, name)
    with calls.to(f"the registered model {name} cannot be made") as client:
        if found is None:
            try:
                return client.create_registered_model(
                    name,
                    tags=ours,
                    description=telling.model_description(outgoing.model, outgoing.description),
                )
            except Exception as error:
                if not is_code(error, PRESENT):  # somebody was faster
                    raise
                found = client.get_registered_model(name)
        refuse_claimed(calls, found, outgoing.registry, outgoing.model)
        for tag, value in ours.items():
            if found.tags.get(tag) != value:
                client.set_registered_model_tag(name, tag, value)
        return found


def refuse_claimed(calls: Calls, found: Any, registry: str, model: str) -> None:
    """Refuse a registered model that is published to from elsewhere."""
    claimed = found.tags.get(REGISTRY), found.tags.get(MODEL)
    if claimed in ((None, None), (registry, model)):
        return
    raise MirrorRefused(
        f"{found.name} at {calls.address.url} is published to from the model {claimed[1]} of the"
        f" registry {claimed[0]}; expected {model} of {registry}",
        hint="give this model another name there, MLflow(name=…); or, where that registry is"
        f" given up, delete the tags {REGISTRY} and {MODEL} of {found.name} there",
    )


def find_versions(calls: Calls, name: str, outgoing: Outgoing) -> list[Any]:
    """Give the versions that are tagged as one of ours, by their numbers."""
    found: list[Any] = []
    with calls.to("its versions cannot be looked up") as client:
        token = None
        while True:
            page = client.search_model_versions(
                f"name = '{name}' AND tags.`{DIGEST}` = '{outgoing.digest}'",
                max_results=_PAGE,
                page_token=token,
            )
            # Of copies that people made in another model there nothing is ours.
            found += [v for v in page if v.tags.get(REGISTRY) == outgoing.registry]
            token = page.token
            if not token:
                return sorted(found, key=lambda version: int(version.version))


def get_version(calls: Calls, name: str, number: str) -> Any:
    """Give one version; None where there is none of that number."""
    with calls.to(f"version {number} cannot be read") as client:
        try:
            return client.get_model_version(name, number)
        except Exception as error:
            if is_code(error, ABSENT, "INVALID_PARAMETER_VALUE"):
                return None
            raise


def create_version(calls: Calls, name: str, run: Any, source: str, outgoing: Outgoing) -> Any:
    """Make a version of a run's artifact, tagged at once, so that it is found by its digest."""
    with calls.to("the version cannot be made") as client:
        return client.create_model_version(
            name,
            source,
            run_id=run.info.run_id,
            tags=telling.version_tags(outgoing),
            description=telling.description(outgoing),
            await_creation_for=None,
        )


def tell_version(calls: Calls, version: Any, outgoing: Outgoing) -> None:
    """Bring tags and description of a version up to date; tags of other people stay."""
    with calls.to("what is said of the version cannot be written") as client:
        wanted = telling.version_tags(outgoing)
        # First: what is told after them says which there were.
        for tag in telling.taken_away(version.tags, outgoing):
            client.delete_model_version_tag(version.name, version.version, tag)
        for tag, value in wanted.items():
            if version.tags.get(tag) != value:
                client.set_model_version_tag(version.name, version.version, tag, value)
        said = telling.description(outgoing)
        if version.description != said:
            client.update_model_version(version.name, version.version, description=said)


def delete_version(calls: Calls, name: str, number: str) -> None:
    """Delete a version of ours; one that is gone already is well gone."""
    with calls.to(f"version {number} cannot be deleted") as client:
        try:
            client.delete_model_version(name, number)
        except Exception as error:
            if not is_code(error, ABSENT):
                raise


def set_aliases(
    calls: Calls,
    name: str,
    wanted: Mapping[str, str],
    *,
    clear: Sequence[str],
    tags: Mapping[str, str],
) -> None:
    """Set aliases to versions, and remove others; what is so already is left alone."""
    found = find_model(calls, name)
    there: Mapping[str, str] = found.aliases if found else {}
    with calls.to("the aliases cannot be set") as client:
        for tag, value in tags.items():
            if found is None or found.tags.get(tag) != value:
                client.set_registered_model_tag(name, tag, value)
        for alias, number in wanted.items():
            if str(there.get(alias)) != number:
                client.set_registered_model_alias(name, alias, number)
        for alias in clear:
            if alias in there:
                client.delete_registered_model_alias(name, alias)
