"""How watching, alerting and retraining are declared, and which mistakes are refused."""

from collections.abc import Callable

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.declaration import (
    Alerting,
    Dashboard,
    Decay,
    Drift,
    Freshness,
    Labels,
    Monitoring,
    OnDecay,
    OnDrift,
    OnNewData,
    PredictionLog,
    Quality,
    QuietHours,
    Schedule,
)
from registry_assets.declaration.alerting import CHECK_SEVERITIES, DASHBOARD_FIELDS
from registry_assets.errors import DeclarationError
from registry_assets_tests.declaration.test_mistakes import declare

GRAFANA = "https://grafana.example/d/x?var-version={version}&from={from_ms}"


def test_what_is_not_said_has_a_default_that_can_be_written_down() -> None:
    assert canonical_json(Monitoring().definition())
    assert Monitoring().alerting.severity("data_quality") == CHECK_SEVERITIES["data_quality"]


def test_a_whole_declaration_is_accepted_and_written_down() -> None:
    watched = Monitoring(
        keys=["id"],  # type: ignore[arg-type]
        labels=Labels("outcomes", on=["id"]),  # type: ignore[arg-type]
        drift=Drift(watch=["origin"]),  # type: ignore[arg-type]
        decay=[Decay("roc_auc", 0.03)],  # type: ignore[arg-type]
        freshness=Freshness(days=2),
        dashboards=[Dashboard("Grafana", GRAFANA)],  # type: ignore[arg-type]
        alerting=Alerting(
            severities={"performance_decay": "critical"},
            quiet=QuietHours("22:00", "07:00", timezone="America/New_York"),
        ),
    )
    model = declare(monitoring=watched, retrain=[OnDrift(), Schedule("0 6 1 * *")])
    assert model.monitoring is watched
    assert [type(each) for each in model.triggers] == [OnDrift, Schedule]
    assert watched.alerting.severity("performance_decay") == "critical"
    written = canonical_json(watched.definition()).decode()
    assert all(word in written for word in ("outcomes", "origin", "grafana", "22:00", "0.03"))


def test_one_trigger_needs_no_list_and_none_is_none() -> None:
    assert declare(retrain=Schedule("0 6 1 * *")).triggers == (Schedule("0 6 1 * *"),)
    assert declare(retrain=OnNewData()).triggers == (OnNewData(),)
    assert declare().triggers == ()


def test_a_dashboard_is_filled_in_and_what_is_filled_in_cannot_change_the_address() -> None:
    values = dict.fromkeys(DASHBOARD_FIELDS, "7") | {"version": "1&admin=true#"}
    filled = Dashboard("Grafana", GRAFANA).filled(values)
    assert filled == "https://grafana.example/d/x?var-version=1%26admin%3Dtrue%23&from=7"


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "both kinds of log": (lambda: PredictionLog(asset="log", read=print), "not both"),
    "no log at all": (PredictionLog, "an asset or a function"),
    "a log read by a text": (lambda: PredictionLog(read="log"), "not a function"),  # type: ignore[arg-type]
    "a log that is a number": (lambda: PredictionLog(asset=5), "PredictionLog's asset is 5"),  # type: ignore[arg-type]
    "a column of labels that is none": (
        lambda: Labels("outcomes", on=("id",), column=5),  # type: ignore[arg-type]
        "Labels(column=…) is a int",
    ),
    "labels joined by what they say": (
        lambda: Labels("outcomes", on=("id", "repaid"), column="repaid"),
        "joins as well",
    ),
    "labels joined by nothing": (lambda: Labels("outcomes", on=()), "joins by nothing"),
    "labels joined by a text": (lambda: Labels("outcomes", on="id"), "is the text 'id'"),  # type: ignore[arg-type]
    "a threshold of nothing": (lambda: Drift(threshold=0), "threshold=…) is 0"),
    "a share above all": (lambda: Drift(share=50), "share=…) is 50"),
    "a column watched and ignored": (
        lambda: Drift(watch=("a", "b"), ignore=("b",)),
        "watches and ignores b",
    ),
    "drift of one row": (lambda: Drift(min_rows=1), "min_rows=1"),
    "a share below none": (lambda: Quality(missing=-0.1), "missing=…) is -0.1"),
    "a margin below none": (lambda: Decay("roc_auc", -0.1), "margin=-0.1"),
    "a margin of text": (lambda: Decay("roc_auc", "5%"), "'5%'"),  # type: ignore[arg-type]
    "freshness of no time": (lambda: Freshness(days=0), "days=…) is 0"),
    "freshness of an age": (lambda: Freshness(days=1e9), "3,650 days at most"),
    "monitoring of a list of pointers": (
        lambda: Monitoring(pointer=["production"]),  # type: ignore[arg-type]
        "Monitoring's pointer is ['production']",
    ),
    "monitoring of another pointer": (
        lambda: declare(monitoring=Monitoring(pointer="canary")),
        "Monitoring's pointer 'canary' is not known",
    ),
    "a key that is not kept": (
        lambda: declare(monitoring=Monitoring(keys=("idd",))),
        "'idd' is not known",
    ),
    "the target as a key": (
        lambda: declare(monitoring=Monitoring(keys=("late",))),
        "what is to be told",
    ),
    "labels by another column": (
        lambda: declare(monitoring=Monitoring(labels=Labels("outcomes", on=("id",)))),
        "a column that is no key",
    ),
    "decay of what is not measured": (
        lambda: declare(monitoring=Monitoring(decay=(Decay("recall", 0.1),))),
        "'recall' is not known",
    ),
    "decay twice": (
        lambda: Monitoring(decay=(Decay("roc_auc", 0.1), Decay("roc_auc", 0.2))),
        "declared twice: roc_auc",
    ),
    "decay without a list": (
        lambda: Monitoring(decay=Decay("roc_auc", 0.1)),  # type: ignore[arg-type]
        "decay=…) is a Decay",
    ),
    "drift as a number": (lambda: Monitoring(drift=0.1), "drift=…) is a float"),  # type: ignore[arg-type]
    "monitoring as a switch": (lambda: declare(monitoring=True), "monitoring is a bool"),
    "a page without a scheme": (lambda: Dashboard("G", "grafana/x"), "begins with https://"),
    "a page that is code": (lambda: Dashboard("G", "javascript:alert(1)"), "https://"),
    "a page that asks for what is not there": (
        lambda: Dashboard("G", "https://g/{verison}"),
        "'verison' is not known",
    ),
    "a page with half a field": (lambda: Dashboard("G", "https://g/{version"), "filled in"),
    "a page that formats": (lambda: Dashboard("G", "https://g/{version:09d}"), "a form of its own"),
    "a page that looks into a value": (
        lambda: Dashboard("G", "https://g/{version.__class__}"),
        "not known",
    ),
    "quiet hours of no length": (lambda: QuietHours("22:00", "22:00"), "begin when they end"),
    "quiet hours that are none": (lambda: QuietHours("25:00", "07:00"), "'25:00'"),
    "quiet hours nowhere": (lambda: QuietHours("22:00", "07:00", timezone="Berlin"), "'Berlin'"),
    "quiet hours in a list of places": (
        lambda: QuietHours("22:00", "07:00", timezone=["UTC"]),  # type: ignore[arg-type]
        "time zone ['UTC'] is not known",
    ),
    "an unknown severity": (lambda: Alerting(minimum="fatal"), "'fatal' is not known"),
    "a severity of no check": (
        lambda: Alerting(severities={"drift": "error"}),
        "'drift' is not known",
    ),
    "retraining by the word": (lambda: declare(retrain="monthly"), "retrain is a str"),
    "retraining by something else": (lambda: declare(retrain=[5]), "retrain holds 5"),
    "a kind of trigger twice": (
        lambda: declare(retrain=[OnNewData(), OnNewData(cooldown_days=1)]),
        "two OnNewData",
    ),
    "retraining on what nobody watches": (
        lambda: declare(retrain=OnDrift()),
        "OnDrift, and nothing is monitored",
    ),
    "a schedule in a list of places": (
        lambda: Schedule("0 6 1 * *", timezone=["UTC"]),  # type: ignore[arg-type]
        "time zone ['UTC'] is not known",
    ),
    "half a day": (lambda: OnDecay(cooldown_days=0.5), "cooldown_days=0.5"),  # type: ignore[arg-type]
    "never": (lambda: OnDecay(per_month=0), "per_month=0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_where_it_is_written(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as caught:
        make()
    assert said in caught.value.message + (caught.value.hint or "")
    assert caught.value.hint
