"""Gates on what was measured of the packaged artifact: its speed and its size."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, one_of, require
from registry_assets.declaration.gates.judging import Judgement, limited, of_bound
from registry_assets.declaration.gates.naming import name_gate, rule

if TYPE_CHECKING:
    from registry_assets.declaration.evaluation import Evaluation
    from registry_assets.evaluation.results import Estimate, EvaluationResult

Percentile = Literal["p50", "p95", "p99"]
_PERCENTILES = ("p50", "p95", "p99")
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class LatencyAtMost:
    """Predicting one row takes at most so many milliseconds, in a fresh process.

    Of a machine that does other work too it says as much about the machine; where that
    varies, LatencyNotWorse compares like with like.
    """

    percentile: Percentile
    milliseconds: float
    relative: ClassVar[bool] = False
    unit: ClassVar[str] = "ms"

    def __post_init__(self) -> None:
        one_of(self.percentile, _PERCENTILES, "LatencyAtMost's percentile")
        limit = finite(self.milliseconds, "LatencyAtMost's milliseconds")
        require(limit > 0, f"LatencyAtMost(milliseconds={limit:g})", "give a time above 0")
        object.__setattr__(self, "milliseconds", limit)

    @property
    def name(self) -> str:
        """`latency_p95_at_most`."""
        return f"latency_{self.percentile}_at_most"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        return (
            f"the {self.percentile} of single-row predictions is at most {self.milliseconds:g} ms"
        )

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "latency_at_most", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a plan that measures no speed."""
        _measured(self.name, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the percentile with the limit."""
        what = f"the {self.percentile} of single-row predictions"
        speed = evaluation.speed
        if speed is None or speed.candidate is None:
            return _not_measured(evaluation, self.milliseconds)
        found: float = getattr(speed.candidate, f"{self.percentile}_ms")
        passed = found <= self.milliseconds
        word = "is at most" if passed else "is above"
        return Judgement(
            "passed" if passed else "failed",
            f"{what}, {found:.3g} ms over {speed.candidate.calls} calls,"
            f" {word} {self.milliseconds:g} ms",
            value=found,
            threshold=self.milliseconds,
            rows=speed.candidate.calls,
        )


@dataclass(frozen=True, slots=True)
class LatencyNotWorse:
    """Predicting one row takes no longer than with production, by more than `margin`.

    The two are measured in turns in one run, so that a busy machine is busy for both; judged
    is the ratio of their percentiles.

    Args:
        margin: as a share: 0.2 allows a fifth more.
        bound: judge the point value; or the upper end of the ratio's 95 % interval, which must
            be shown to be within the margin; or the lower, so that a version fails only if it is
            shown to be slower, where the machine does much else.
        first: what a pointer that never held anything means: `pass` or `hold`.
        name: by default `latency_p95_not_worse`.
    """

    percentile: Percentile
    margin: float
    bound: Literal["value", "low", "high"] = "value"
    first: Literal["pass", "hold"] = "pass"
    name: str = ""
    relative: ClassVar[bool] = True
    unit: ClassVar[str] = "times production's"

    def __post_init__(self) -> None:
        one_of(self.percentile, _PERCENTILES, "LatencyNotWorse's percentile")
        margin = finite(self.margin, "LatencyNotWorse's margin")
        require(margin >= 0, f"LatencyNotWorse(margin={margin:g})", "a margin is 0 or more")
        object.__setattr__(self, "margin", margin)
        one_of(self.bound, ("value", "low", "high"), "LatencyNotWorse's bound")
        one_of(self.first, ("pass", "hold"), "LatencyNotWorse's first")
        name_gate(self, f"latency_{self.percentile}_not_worse")

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        what = f"{of_bound(self.bound)}the {self.percentile} of single-row predictions"
        return f"{what} is at most {1 + self.margin:g} times production's, measured in turns"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return rule(self, "latency_not_worse")

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a plan that measures no speed."""
        _measured(self.name, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the ratio of the percentiles with what the margin allows."""
        limit = 1 + self.margin
        speed, comparison = evaluation.speed, evaluation.comparison
        if speed is None or speed.candidate is None:
            return _not_measured(evaluation, limit)
        if comparison is None:
            return Judgement("failed", "no comparison with production was made")
        if comparison.baseline_version is None:
            why = f"{comparison.pointer} has never held a version: nothing to compare with"
            return Judgement("no_baseline", why, threshold=limit)
        ratio = speed.ratios.get(f"{self.percentile}_ms")
        if speed.baseline is None or ratio is None or not ratio.defined:
            reason = speed.baseline_reason or (ratio.reason if ratio else "it was not measured")
            return Judgement("undecided", f"production's speed is not known: {reason}")
        what = f"the {self.percentile} of single-row predictions, as a multiple of production's,"
        return limited(what, ratio, limit, at_most=True, bound=self.bound, show=_shown_ratio)


@dataclass(frozen=True, slots=True)
class SizeAtMost:
    """The files that a deployment loads are at most so many megabytes (of 1,000,000 bytes)."""

    megabytes: float
    relative: ClassVar[bool] = False
    unit: ClassVar[str] = "MB"

    def __post_init__(self) -> None:
        limit = finite(self.megabytes, "SizeAtMost's megabytes")
        require(limit > 0, f"SizeAtMost({limit:g})", "give a size above 0")
        object.__setattr__(self, "megabytes", limit)

    @property
    def name(self) -> str:
        """`size_at_most`."""
        return "size_at_most"

    @property
    def sentence(self) -> str:
        """The rule, as people say it."""
        return f"the files that a deployment loads are at most {self.megabytes:g} MB"

    def definition(self) -> dict[str, Json]:
        """Give the rule as JSON."""
        return {"gate": "size_at_most", **asdict(self)}

    def check_plan(self, plan: "Evaluation") -> None:
        """Refuse a plan that measures nothing of the artifact."""
        _measured(self.name, plan)

    def judge(self, evaluation: "EvaluationResult") -> Judgement:
        """Compare the size with the limit."""
        speed = evaluation.speed
        if speed is None or speed.candidate is None:
            return _not_measured(evaluation, self.megabytes)
        found = speed.candidate.artifact_bytes / _MEGABYTE
        passed = found <= self.megabytes
        word = "at most" if passed else "more than"
        return Judgement(
            "passed" if passed else "failed",
            f"the files that a deployment loads are {found:.3g} MB, {word} {self.megabytes:g} MB",
            value=found,
            threshold=self.megabytes,
        )


def _measured(gate: str, plan: "Evaluation") -> None:
    require(
        plan.latency is not None,
        f"gate {gate} reads what the evaluation does not measure",
        "add Evaluation(latency=Latency())",
    )


def _not_measured(evaluation: "EvaluationResult", limit: float) -> Judgement:
    reason = evaluation.speed.reason if evaluation.speed else "nothing was measured"
    return Judgement("failed", f"the artifact could not be measured: {reason}", threshold=limit)


def _shown_ratio(ratio: "Estimate") -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
