"""moto's server, with what SageMaker does and moto does not: written after AWS's documents.

Life cycles, model cards and sources are kept, and may be updated, as specifications may; an update
leaves alone what it does not name; the same request with the same token makes one version; a group
is there once; a package can be deleted; an endpoint can be given another configuration.

    python -m registry_assets_tests.servers.sagemaker_completed -H 127.0.0.1 -p 5000
"""

import json
import sys
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import ModelPackage, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.server import main

_KEPT = ("ModelLifeCycle", "ModelCard", "SourceUri")
_UPDATED = (
    ("ModelApprovalStatus", "model_approval_status"),
    ("ApprovalDescription", "approval_description"),
    ("InferenceSpecification", "inference_specification"),
)


_create = SageMakerResponse.create_model_package
_make_group = SageMakerResponse.create_model_package_group
_describe = ModelPackage.gen_response_object


def create_model_package(self: Any) -> Any:
    asked = json.loads(self.body)
    known = self.sagemaker_backend.__dict__.setdefault("tokens", {})
    token = asked.get("ClientToken")
    if token and token in known:
        return ActionResult({"ModelPackageArn": known[token]})
    made = _create(self)
    arn = max(
        self.sagemaker_backend.model_packages.values(), key=lambda each: each.creation_time
    ).arn
    self.sagemaker_backend.model_packages[arn].kept = {
        name: asked[name] for name in _KEPT if name in asked
    }
    if token:
        known[token] = arn
    return made


def gen_response_object(self: Any) -> Any:
    return {**_describe(self), **self.__dict__.get("kept", {})}


def update_model_package(self: Any) -> Any:
    asked = json.loads(self.body)
    found = self.sagemaker_backend.describe_model_package(asked["ModelPackageArn"])
    for name, attribute in _UPDATED:
        if name in asked:
            setattr(found, attribute, asked[name])
    kept = getattr(found, "kept", {})
    card = {**kept.get("ModelCard", {}), **asked.get("ModelCard", {})}
    found.kept = {**kept, **{n: asked[n] for n in _KEPT if n in asked}}
    if card:
        found.kept["ModelCard"] = card
    properties = {
        **(found.customer_metadata_properties or {}),
        **asked.get("CustomerMetadataProperties", {}),
    }
    for name in asked.get("CustomerMetadataPropertiesToRemove", ()):
        properties.pop(name, None)
    found.customer_metadata_properties = properties
    found.modifications_done()
    return ActionResult({"ModelPackageArn": found.arn})


def create_model_package_group(self: Any) -> Any:
    name = json.loads(self.body)["ModelPackageGroupName"]
    if name in self.sagemaker_backend.model_package_groups:
        raise ValidationError(message=f"Model Package Group already exists: {name}")
    return _make_group(self)


def delete_model_package(self: Any) -> Any:
    arn = json.loads(self.body)["ModelPackageName"]
    if self.sagemaker_backend.model_packages.pop(arn, None) is None:
        raise ValidationError(message=f"ModelPackage {arn} does not exist.")
    return ActionResult({})


def update_endpoint(self: Any) -> Any:
    asked = json.loads(self.body)
    found = self.sagemaker_backend.endpoints.get(asked["EndpointName"])
    if found is None:
        raise ValidationError(message=f"Could not find endpoint {asked['EndpointName']}.")
    self.sagemaker_backend.describe_endpoint_config(asked["EndpointConfigName"])
    found.endpoint_config_name = asked["EndpointConfigName"]
    return ActionResult({"EndpointArn": found.arn})


def add_tags(self: Any, arn: str, tags: Any) -> Any:
    found = self._get_resource_from_arn(arn)
    named = {each["Key"] for each in tags}
    found.tags = [each for each in found.tags if each["Key"] not in named] + tags
    return found.tags


def complete() -> None:
    """Let moto do so from now on, in this process."""
    responses: Any = SageMakerResponse
    for each in (
        create_model_package,
        update_model_package,
        create_model_package_group,
        delete_model_package,
        update_endpoint,
    ):
        setattr(responses, each.__name__, each)
    package: Any = ModelPackage
    package.gen_response_object = gen_response_object
    backend: Any = SageMakerModelBackend
    backend.add_tags = add_tags


if __name__ == "__main__":
    complete()
    main(sys.argv[1:])
