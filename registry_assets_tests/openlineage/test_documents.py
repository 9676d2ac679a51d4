"""Events of OpenLineage: its own schemas take them, and its own client names the same schemas."""

from typing import Any

import jsonschema
import pytest
from openlineage.client import event_v2
from openlineage.client import facet_v2 as facets
from openlineage.client.generated import data_quality_assertions_dataset as assertions
from openlineage.client.generated import output_statistics_output_dataset as statistics

from registry_assets.openlineage.documents import (
    MANIFEST,
    Place,
    dataset_event,
    facet,
    job_event,
    run_event,
)
from registry_assets_tests.openlineage.schemas import valid

AT = "2013-05-01T06:00:00.000000Z"
DIGEST = "sha256:" + "a" * 64
PLACE = Place("f" * 32)
THEIRS: dict[str, Any] = {
    "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet,
    "datasetType": facets.dataset_type_dataset.DatasetTypeDatasetFacet,
    "ownership": facets.ownership_job.OwnershipJobFacet,
    "documentation": facets.documentation_job.DocumentationJobFacet,
    "jobType": facets.job_type_job.JobTypeJobFacet,
    "sourceCodeLocation": facets.source_code_location_job.SourceCodeLocationJobFacet,
    "errorMessage": facets.error_message_run.ErrorMessageRunFacet,
    "outputStatistics": statistics.OutputStatisticsOutputDatasetFacet,
    "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet,
}


@pytest.mark.parametrize("name", THEIRS)
def test_facets_are_of_the_schemas_that_openlineages_own_client_writes(name: str) -> None:
    assert facet(name, {})["_schemaURL"] == THEIRS[name]._get_schema()


def test_events_are_of_the_schemas_that_openlineages_own_client_writes() -> None:
    job, data = PLACE.job("train/late"), _model()
    made: dict[Any, Any] = {
        event_v2.RunEvent: run_event("START", at=AT, run_id=PLACE.run_id(DIGEST), job=job, run={}),
        event_v2.JobEvent: job_event(at=AT, job=job),
        event_v2.DatasetEvent: dataset_event(at=AT, dataset=data),
    }
    for theirs, ours in made.items():
        assert ours["schemaURL"] == theirs._get_schema()
        valid(ours)


def test_a_run_is_known_again_by_the_event_that_it_is_told_from() -> None:
    assert PLACE.run_id(DIGEST) == Place("another").run_id(DIGEST)
    assert PLACE.run_id(DIGEST) != PLACE.run_id("sha256:" + "b" * 64)


def test_a_facet_of_ours_that_is_wrong_is_found_by_its_schema() -> None:
    data = _model()
    data["facets"][MANIFEST]["digest"] = "latest"
    with pytest.raises(jsonschema.ValidationError, match="latest"):
        valid(dataset_event(at=AT, dataset=data))


def _model() -> Any:
    return PLACE.dataset("models/late", digest=DIGEST, kind="model", reference="late:1")
