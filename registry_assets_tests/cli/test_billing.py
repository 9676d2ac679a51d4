"""`sbom`: CycloneDX's own schema takes it, and it names everything that a version is made of."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from registry_assets.canonical import sha256_digest
from registry_assets_tests.cli.conftest import Command
from registry_assets_tests.worlds import World

REF = "flight_delay@production"


@pytest.fixture
def bill(command: Command) -> dict[str, Any]:
    ran = command("sbom", REF)
    assert (ran.code, ran.err) == (0, "")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(ran.out) is None
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


def of_type(bill: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in bill["components"] if each["type"] == kind}


def sha256(component: dict[str, Any]) -> str:
    (found,) = component["hashes"]
    assert found["alg"] == "SHA-256"
    return f"sha256:{found['content']}"


def test_the_model_is_named_by_its_digest_with_how_it_was_made(
    bill: dict[str, Any], world: World
) -> None:
    model, card = bill["metadata"]["component"], world.registry.card(REF)
    assert (bill["specVersion"], bill["bomFormat"]) == ("1.6", "CycloneDX")
    assert (model["type"], model["name"], model["version"]) == (
        "machine-learning-model", "flight_delay", "2",
    )  # fmt: skip
    assert sha256(model) == card.digest
    told = {each["name"]: each["value"] for each in model["properties"]}
    assert told["registry_assets:digest"] == card.digest
    assert told["registry_assets:commit"] == card.training.commit
    assert told["registry_assets:param:C"] == "1.0"
    assert {each["name"] for each in model["authors"]} == set(card.owners)
    assert bill["metadata"]["timestamp"]


def test_its_files_data_and_libraries_are_in_it(bill: dict[str, Any], world: World) -> None:
    version = world.registry.resolve(REF)
    manifest = world.registry.bill(REF).manifest
    assert {name: sha256(each) for name, each in of_type(bill, "file").items()} == {
        file.path: file.sha256 for file in manifest.files
    }
    data = of_type(bill, "data")
    wanted = {str(ref): ref.digest for ref in (*version.recipe.train, *version.recipe.holdout)}
    assert wanted.items() <= {name: sha256(each) for name, each in data.items()}.items()
    (told,) = data["flight_features[2013-01]"]["data"]
    assert (told["type"], told["description"][:10]) == ("dataset", "trained on")
    libraries = of_type(bill, "library")
    assert libraries["scikit-learn"]["purl"].startswith("pkg:pypi/scikit-learn@")
    assert of_type(bill, "platform")["CPython"]["version"].count(".") == 2


def test_what_depends_on_what_leads_down_to_the_raw_data(bill: dict[str, Any]) -> None:
    behind = {each["ref"]: set(each.get("dependsOn", ())) for each in bill["dependencies"]}
    model = bill["metadata"]["component"]["bom-ref"]
    data = {name: each["bom-ref"] for name, each in of_type(bill, "data").items()}
    assert data["flight_features[2013-01]"] in behind[model]
    assert data["flights[2013-01]"] not in behind[model]
    assert data["flights[2013-01]"] in behind[data["flight_features[2013-01]"]]
    assert of_type(bill, "library")["skops"]["bom-ref"] in behind[model]


def test_the_models_card_is_in_it(bill: dict[str, Any], world: World) -> None:
    card, result = bill["metadata"]["component"]["modelCard"], world.registry.card(REF).result
    assert card["modelParameters"]["approach"] == {"type": "supervised"}
    assert card["modelParameters"]["task"] == "binary"
    assert result is not None
    metrics = card["quantitativeAnalysis"]["performanceMetrics"]
    whole = {each["type"]: each for each in metrics if "slice" not in each}
    assert float(whole["roc_auc"]["value"]) == result.metrics["roc_auc"].value
    assert float(whole["roc_auc"]["confidenceInterval"]["lowerBound"]) == (
        result.metrics["roc_auc"].low
    )
    slices = {each.label for each in result.slices if each.supported}
    assert {each["slice"] for each in metrics if "slice" in each} == slices
    assert slices
    assert "slices that nobody named" in card["considerations"]["technicalLimitations"][0]


@pytest.mark.parametrize(
    ("licensed", "told"),
    [
        ("Apache-2.0", {"license": {"id": "Apache-2.0"}}),
        ("MIT OR Apache-2.0", {"expression": "MIT OR Apache-2.0"}),
        ("ours, ask first", {"license": {"name": "ours, ask first"}}),
    ],
)
def test_the_owners_words_are_in_it(world: World, licensed: str, told: dict[str, Any]) -> None:
    words = "For planning.\n</script>\ud800 é"
    bill = world.registry.bill(REF)
    card = replace(bill.card, license=licensed, limits=words, evaluated=None, description="")
    data = replace(bill, card=card).to_bytes()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
    model = json.loads(data)["metadata"]["component"]
    (found,) = model["licenses"]
    assert found == told
    limits = model["modelCard"]["considerations"]["technicalLimitations"]
    assert limits[0] == words
    assert limits[1].startswith("It has not been evaluated")
    assert "quantitativeAnalysis" not in model["modelCard"]


def test_the_same_version_gives_the_same_bytes_in_a_file_that_was_not_there(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "flight_delay.cdx.json"
    ran = command("sbom", REF, "--out", str(file))
    assert (ran.code, ran.out) == (0, f"Written to {file}.\n")
    assert file.read_text() == command("sbom", "flight_delay:2").out
    told = command("sbom", REF, "--json").document
    assert told["sha256"] == sha256_digest(file.read_bytes())
    assert told["bill"] == json.loads(file.read_bytes())
    file.write_text("mine")
    refused = command("sbom", REF, "--out", str(file))
    assert (refused.code, file.read_text()) == (2, "mine")


def test_another_version_is_another_bill(command: Command) -> None:
    one, two = (command("sbom", f"flight_delay:{n}", "--json").document for n in (1, 2))
    assert one["serial_number"] != two["serial_number"]


def test_mistakes_are_named(command: Command) -> None:
    for arguments, said in (
        (("flight_delay",), "not one of its versions"),
        (("flight_delay:4",), "the sky fell"),
        (("flight_delay:9",), "has no version 9"),
        ((REF, "--json", "--out", "-"), "choose one"),
    ):
        ran = command("sbom", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


def test_without_its_library_the_extra_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx.model.bom", None)
    ran = command("sbom", REF)
    assert (ran.code, ran.out) == (1, "")
    assert 'pip install "registry_assets[sbom]"' in ran.err
