"""The pages of what was observed of a deployment, one HTML file each, for people.

values       what a page is about
drift        how far a partition is from the training
performance  what was lived beside what was promised
picture      a deployment's months, as one picture

They look as an evaluation's: style and templates are in `registry_assets.evaluation.report`.
"""

from registry_assets.monitoring.report.drift import drift_page
from registry_assets.monitoring.report.performance import performance_page
from registry_assets.monitoring.report.values import ObservationSubject, ObservedVersion

__all__ = ["ObservationSubject", "ObservedVersion", "drift_page", "performance_page"]
