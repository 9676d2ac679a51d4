"""A file tells its own format; what is none of them is told how to be saved instead."""

import io
import pickle  # noqa: TID251  # written here as people write it, and read by nobody
import zipfile

import pytest

from registry_assets.errors import PackagingRefused
from registry_assets.packaging.estimator import recognise, store_estimator
from registry_assets_tests.packaging.formats.fitted import EVERY, fitted


@pytest.mark.parametrize(("framework", "name"), EVERY)
def test_a_file_tells_its_format(framework: str, name: str) -> None:
    stored = store_estimator(fitted(framework, name).estimator)
    for each in (stored, *stored.parts):
        if each.data:  # what is not fitted has no file of its own
            assert recognise(each.data).name == each.format


def test_what_the_frameworks_save_themselves_is_recognised(tmp_path: object) -> None:
    from pathlib import Path

    import onnx
    import skops.io

    folder = Path(str(tmp_path))
    fitted("xgboost", "binary").estimator.save_model(folder / "estimator.ubj")
    fitted("lightgbm", "texts").estimator.booster_.save_model(folder / "estimator.lightgbm.txt")
    fitted("catboost", "binary").estimator.save_model(str(folder / "estimator.cbm"))
    onnx.save(fitted("onnx", "matrix").estimator, folder / "estimator.onnx")
    from sklearn.linear_model import LogisticRegression

    skops.io.dump(LogisticRegression(), folder / "estimator.skops")
    for file in folder.iterdir():
        found = recognise(file.read_bytes())
        assert found.file == file.name


def test_a_name_is_taken_at_its_word() -> None:
    assert recognise(b"whatever", name="catboost").name == "catboost"
    with pytest.raises(PackagingRefused, match="'pickle'; this process knows catboost, lightgbm"):
        recognise(b"whatever", name="pickle")


def torch_saved() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02ctorch._utils\n_rebuild\n.")
    return target.getvalue()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_is_told_by_its_framework(protocol: int) -> None:
    estimator = fitted("lightgbm", "texts").estimator
    with pytest.raises(PackagingRefused, match="is a pickle, which runs whatever code") as caught:
        recognise(pickle.dumps(estimator, protocol=protocol))
    assert 'model.booster_.save_model("estimator.lightgbm.txt")' in caught.value.hint
    assert "CatBoost" not in caught.value.hint


@pytest.mark.parametrize(
    ("data", "words", "hint"),
    [
        (b"", "is empty", "skops.io.dump"),
        (torch_saved(), "written by torch.save, which pickles", "safetensors.torch.save_file"),
        (b"x\x9c\x4b\xcb", "compressed, as joblib", "skops.io.dump"),
        (b'{"learner": {}}', "model of XGBoost as JSON", 'save_model("estimator.ubj")'),
        (b"\x89HDF\r\n\x1a\n", "of no format that is known", "CatBoost: model.save_model"),
        (b"../../estimator.ubj", "of no format that is known", "XGBoost: model.save_model"),
    ],
)
def test_what_is_of_no_format_is_told_how_to_be_saved(data: bytes, words: str, hint: str) -> None:
    with pytest.raises(PackagingRefused, match=words) as caught:
        recognise(data)
    assert hint in caught.value.hint
