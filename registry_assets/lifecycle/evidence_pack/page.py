"""The page of a pack: everything in it for people, in one HTML file that opens offline."""

from collections.abc import Iterator, Sequence

from registry_assets.evaluation.report.rendering import render
from registry_assets.evaluation.report.values import Card
from registry_assets.governance.wording import approvers
from registry_assets.lifecycle.comparing import Comparison
from registry_assets.lifecycle.evidence_pack import telling
from registry_assets.lifecycle.evidence_pack.gathering import Evidence
from registry_assets.lifecycle.evidence_pack.signed import attestation_folder
from registry_assets.lifecycle.evidence_pack.stored import evaluation_folder, manifest_path
from registry_assets.lifecycle.tracing import Ancestors


def index_page(
    evidence: Evidence,
    *,
    card: Card,
    ancestors: Ancestors,
    found: Comparison | None,
    summary: str,
    not_known: Sequence[str],
    listed: Sequence[tuple[str, str]],
) -> bytes:
    """Give the page as UTF-8 HTML; equal arguments give equal bytes.

    Args:
        found: what differs from the version before; None where there is none.
        summary: how good both are, in a sentence.
        listed: every other file of the pack, with what it is.
    """
    policy = evidence.decision.policy
    statements = [(each, telling.became_of(each)) for each in evidence.statements]
    return render(
        "evidence.html",
        evidence=evidence,
        card=card,
        risk=policy.risk,
        live=telling.live(evidence),
        needed=policy.required_approvals,
        statements=statements,
        counted=sum(bool(each.counted) for each in evidence.statements),
        made=telling.separation(evidence),
        policies=list(telling.policies(evidence)),
        verdicts=telling.verdicts(evidence),
        evaluation_folder=evaluation_folder,
        manifest_path=manifest_path,
        approved_by={each.name: approvers(each.made.evidence) for each in evidence.promotions},
        folders={each.name: attestation_folder(each) for each in evidence.promotions},
        nodes=list(ancestors.nodes.values()),
        sources={
            digest: [ancestors.nodes[parent.digest].name for parent in node.parents]
            for digest, node in ancestors.nodes.items()
        },
        found=found,
        summary=summary,
        changes=list(_changes(found)) if found else [],
        not_known=not_known,
        listed=listed,
        paths={path for path, _ in listed},
    )


def _changes(found: Comparison) -> Iterator[tuple[str, str, str]]:
    """Give what differs, a name each, with what it is of."""
    for title, changes in (
        ("recipe", found.recipe),
        ("parameters", found.params),
        ("columns", found.data.columns),
        ("environment", found.environment),
        ("metadata", found.metadata),
    ):
        yield from ((title, change.name, change.kind) for change in changes.changed)
    for file in found.code.changed:
        yield "code", file.path, file.kind
    for title, snapshots in (
        ("trained on", found.data.train),
        ("held out", found.data.holdout),
        ("datasets", found.data.datasets),
    ):
        yield from ((title, change.name, change.kind) for change in snapshots.changed)
