"""`registry verify --offline`: what a pulled folder proves, printed as a list.

No database and no tables: a container checks with this what it is about to serve.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry_assets.cli.plain import print_json
from registry_assets.cli.text import visible

if TYPE_CHECKING:
    from registry_assets.deployment.attested import Check
    from registry_assets.deployment.proof import Proof


def prove(folder: Path, trusted: Path | None, *, as_json: bool) -> bool:
    """Check a folder, print what was found, and tell whether all of it is as it must be."""
    from registry_assets.deployment.proof import verify_folder
    from registry_assets.deployment.trust import TrustedKeys

    if trusted is None:
        raise click.UsageError(
            "by whose keys? Give --trusted FILE: `registry keys`, where the catalog is, prints one"
        )
    proof = verify_folder(folder, TrustedKeys.read(trusted))
    if as_json:
        print_json(_document(proof))
        return proof.verified
    for check in proof.checks:
        _print(check)
    failed = sum(not check.passed for check in proof.checks)
    if failed:
        click.echo(f"{folder} proves nothing: {failed} of {len(proof.checks)} checks failed.")
        click.echo("Next: do not use it. Pull it again, or ask whoever runs the registry.")
    else:
        click.echo(f"{folder} is what was promoted, by the keys in {trusted}.")
    return proof.verified


def _print(check: "Check") -> None:
    name = f"{check.code} {check.subject}".strip()
    if check.passed:
        click.echo(visible(f"ok      {name}: {check.sentence}"))
        return
    click.echo(visible(f"FAILED  {name}"))
    for wrong in check.mismatches:
        click.echo(visible(f"          {wrong.what}"))
        click.echo(visible(f"            expected  {wrong.expected}"))
        click.echo(visible(f"            found     {wrong.found}"))


def _document(proof: "Proof") -> dict[str, Any]:
    said = proof.said
    return {
        "folder": str(proof.folder.absolute()),
        "verified": proof.verified,
        "reference": said.reference if said else None,
        "digest": said.digest if said else None,
        "pointer": said.pointer if said else None,
        "generation": said.generation if said else None,
        "kind": said.kind if said else None,
        "decided_at": said.decided_at if said else None,
        "checks": [
            {
                "code": check.code,
                "subject": check.subject,
                "passed": check.passed,
                "sentence": check.sentence,
                "mismatches": [
                    {"what": wrong.what, "expected": wrong.expected, "found": wrong.found}
                    for wrong in check.mismatches
                ],
            }
            for check in proof.checks
        ],
    }
