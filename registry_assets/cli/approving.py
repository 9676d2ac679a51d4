"""`registry approve`: look at the evidence, then sign it with a key of one's own.

What is signed, and what an approval is bound to, is `governance.approvals`; whether it counts is
decided where it is recorded, and again at every promotion.
"""

import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_assets.cli.envelopes import assembled, read_envelope, write_to_sign
from registry_assets.cli.options import confirm, pointer_option, reason_option
from registry_assets.cli.reading import json_option, open_registry, show_page
from registry_assets.cli.signing import key_option, open_key
from registry_assets.cli.text import short, visible
from registry_assets.decisions import DONE

if TYPE_CHECKING:
    from datetime import timedelta

    from registry_assets.catalog.versions import VersionRecord
    from registry_assets.decisions import Decided
    from registry_assets.governance.active import ActivePolicy
    from registry_assets.lifecycle.approving import Prepared, Recorded
    from registry_assets.registry import Registry
    from registry_assets.signing.signers import Signer

_DECISIONS = ("approve", "override", "review")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("reference", metavar="[REF]", required=False)
@key_option
@pointer_option
@reason_option()
@click.option(
    "--as",
    "decision",
    type=click.Choice(_DECISIONS),
    default="approve",
    show_default=True,
    help="What is signed: an approval, that rules are set aside, that a rollback was looked at.",
)
@click.option("--person", metavar="NAME", help="Who signs; by default whose key it is.")
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it counts, at most.")
@click.option("--print", "only_print", is_flag=True, help="Print what was signed; record nothing.")
@click.option(
    "--to-sign",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the bytes that `ssh-keygen -Y sign` signs into this new file; record nothing.",
)
@click.option(
    "--signed",
    type=(_FILE, _FILE),
    metavar="FILE FILE.sig",
    help="Record what `ssh-keygen -Y sign` made of such a file.",
)
@click.option(
    "--envelope",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Record an envelope that was printed before; - reads it from standard input.",
)
@click.option("--unsigned", is_flag=True, help="Without a key, where the policy allows that.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def approve(
    context: click.Context,
    reference: str | None,
    *,
    key: Path | None,
    pointer: str,
    reason: str,
    decision: "Decided",
    person: str | None,
    days: int | None,
    only_print: bool,
    to_sign: Path | None,
    signed: tuple[Path, Path] | None,
    envelope: Path | None,
    unsigned: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Approve a version for a pointer, signed with an SSH key of one's own.

    Shows the evidence, asks, signs and records it. The approval is bound to that evidence, the
    data, the policy and the pointer; when any of them changes, it counts no more.

    \b
    Examples:
      registry approve loan_approval:1 --key ~/.ssh/id_ed25519 --reason "fair, and calibrated"
      registry approve loan_approval:1 --key K --reason "…" --print > approval.json
      registry approve --envelope approval.json
    \b
    Without our software near the key:
      registry approve loan_approval:1 --person ann --reason "…" --to-sign FILE
      ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n registry_assets/approval FILE
      registry approve --signed FILE FILE.sig
    """
    ways = {
        "--key": key, "--to-sign": to_sign, "--signed": signed,
        "--envelope": envelope, "--unsigned": unsigned,
    }  # fmt: skip
    _refuse_mixed([way for way, given in ways.items() if given], only_print=only_print)
    registry = open_registry()
    if envelope is not None or signed is not None:
        beside = {
            str(reference): reference, "--pointer": _given(context, "pointer"), "--reason": reason,
            "--as": _given(context, "decision"), "--person": person, "--days": days,
        }  # fmt: skip
        _refuse_said([name for name, given in beside.items() if given])
        made = assembled(*signed) if signed else read_envelope(envelope)
        _tell(registry, _recorded(registry, made), as_json=as_json)
        return
    named = unsigned or to_sign is not None
    _refuse_incomplete(reference, key, person, reason=reason, named=named)
    version = registry.resolve(str(reference))
    # Only now: whoever mistyped something is asked for no passphrase.
    signer = None if key is None else open_key(key)
    prepared = _prepare(
        registry,
        version,
        signer,
        pointer=pointer,
        decision=decision,
        person=person,
        reason=reason,
        lasts=_days(days),
    )
    if not as_json:
        # On stdout is the envelope, where it is printed; the evidence is looked at all the same.
        show_evidence(registry, prepared, err=only_print)
    if to_sign is not None:
        write_to_sign(prepared, to_sign, as_json=as_json)
        return
    if not yes:
        said = prepared.statement
        with_ = "without a signature" if unsigned else "signed"
        confirm(
            f"{_WORD[decision]} {said.bound.reference} for {pointer}, as {said.person}, {with_}?"
        )
    if unsigned:
        from registry_assets.lifecycle.backends import RunInfo

        done = registry.record_unsigned(prepared.statement, run=RunInfo.by_hand())
        _tell(registry, done, as_json=as_json)
        return
    assert signer is not None
    made = signed_statement(prepared, signer)
    if only_print:
        click.echo(made.decode())
        return
    _tell(registry, _recorded(registry, made), as_json=as_json)


_WORD = {"approve": "Approve", "override": "Set rules aside for", "review": "Sign the review of"}


def _given(context: click.Context, name: str) -> bool:
    """Tell whether an option that has a default was typed."""
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def _refuse_incomplete(
    reference: str | None, key: Path | None, person: str | None, *, reason: str, named: bool
) -> None:
    """Refuse what does not say which version, why, or who signs.

    Args:
        named: that the person has to be named, as there is no key to tell by.
    """
    if reference is None:
        raise click.UsageError("which version? Name it: `registry approve loan_approval:1 …`")
    if not reason.strip():
        raise click.UsageError("say why, with --reason: it is signed with the rest")
    if named:
        if person is None:
            raise click.UsageError("say who signs, with --person: there is no key to tell by")
    elif key is None:
        raise click.UsageError(
            "with which key? Give --key ~/.ssh/id_ed25519; or --to-sign FILE and --person, to"
            " sign with ssh-keygen"
        )


def _prepare(
    registry: "Registry",
    version: "VersionRecord",
    signer: "Signer | None",
    *,
    pointer: str,
    decision: "Decided",
    person: str | None,
    reason: str,
    lasts: "timedelta | None",
) -> "Prepared":
    """Give what is to be signed."""
    if person is None:
        assert signer is not None
        person = whose_key(registry, signer)
    else:
        _require_person(registry, person, signer)
    return registry.prepare_approval(
        version.model,
        version.number,
        pointer=pointer,
        decision=decision,
        person=person,
        reason=reason,
        lasts=lasts,
    )


def _require_person(registry: "Registry", person: str, signer: "Signer | None") -> None:
    """Refuse to have something signed that would not count by the policy in force."""
    from registry_assets.errors import ApprovalRefused
    from registry_assets.governance.approvals import why_not_theirs

    active = _policy(registry)
    problem = ""
    if signer is not None:
        problem = why_not_theirs(active, signer.public_key.fingerprint, person)
    elif active.document.person(person) is None:
        problem = f"{person} is none of the people of the policy in force"
    if problem:
        raise ApprovalRefused(
            f"what {person} would sign does not count: {problem}",
            hint="`registry policy explain` lists who may sign; nothing was recorded",
        )


def show_evidence(registry: "Registry", prepared: "Prepared", *, err: bool = False) -> None:
    """Print what somebody who signs looks at."""
    from registry_assets.cli.evidence_page import evidence_page

    with redirect_stdout(sys.stderr) if err else nullcontext():
        show_page(evidence_page(registry, prepared.decision))


def whose_key(registry: "Registry", signer: "Signer") -> str:
    """Tell whose key it is by the policy in force."""
    from registry_assets.errors import ApprovalRefused

    active, fingerprint = _policy(registry), signer.public_key.fingerprint
    owner = active.signer(fingerprint)
    if owner is not None:
        return owner.name
    revoked = active.was_revoked(fingerprint)
    why = f"is revoked: it was {revoked.name}'s" if revoked else "is of none of its people"
    raise ApprovalRefused(
        f"by the policy in force the key {fingerprint} {why}",
        hint="`registry policy explain` lists who may sign; nothing was recorded",
    )


def _policy(registry: "Registry") -> "ActivePolicy":
    from registry_assets.errors import ApprovalRefused

    active = registry.policy()
    if active is None:
        raise ApprovalRefused(
            "no policy is in force that says who may sign",
            hint="`registry policy draft` prints one to start with; nothing was recorded",
        )
    return active


def _days(days: int | None) -> "timedelta | None":
    from datetime import timedelta

    return None if days is None else timedelta(days=days)


def _refuse_mixed(ways: list[str], *, only_print: bool) -> None:
    """Refuse more than one way to sign: which of them was meant nobody can tell."""
    if len(ways) > 1:
        raise click.UsageError(f"{' and '.join(ways)} are ways to do the same: give one of them")
    if only_print and ways != ["--key"]:
        raise click.UsageError("--print prints what a key signed: give it with --key alone")


def _refuse_said(names: list[str]) -> None:
    if names:
        raise click.UsageError(f"leave {' and '.join(names)} out: what is signed already says it")


def signed_statement(prepared: "Prepared", signer: "Signer") -> bytes:
    """Sign what was prepared, and give the envelope."""
    from registry_assets.governance.approvals import NAMESPACE
    from registry_assets.signing.dsse import sign_envelope

    statement = prepared.statement.to_bytes()
    return sign_envelope(statement, signer, namespace=NAMESPACE).to_bytes()


def _recorded(registry: "Registry", envelope: bytes) -> "Recorded":
    from registry_assets.lifecycle.backends import RunInfo

    return registry.record_approval(envelope, run=RunInfo.by_hand())


def _tell(registry: "Registry", done: "Recorded", *, as_json: bool) -> None:
    from registry_assets.cli.output import reason_document
    from registry_assets.cli.plain import print_json
    from registry_assets.governance.decide import Held

    record, answer = done.approval, done.decision.answer
    reasons = answer.reasons if isinstance(answer, Held) else ()
    version = done.decision.standing.version
    reference = version.reference
    if as_json:
        print_json(
            {
                "reference": reference,
                "pointer": record.pointer,
                "decision": record.decision,
                "person": record.person,
                "fingerprint": record.fingerprint,
                "signed": record.signed,
                "approval": record.digest,
                "expires_at": record.expires_at,
                "new": done.new,
                "answer": "held" if reasons else "ready",
                "reasons": [reason_document(reason, version) for reason in reasons],
            }
        )
        return
    head = "Recorded" if done.new else "Nothing to do, it was recorded before"
    unsigned = "" if record.signed else ", unsigned"
    verb = DONE[record.decision]
    click.echo(
        f"{head}: {record.person} {verb} {reference} for {record.pointer}{unsigned}"
        f" ({short(record.digest)}). It counts until {record.expires_at[:10]}, or until anything"
        " that it stands on changes."
    )
    for reason in reasons:
        click.echo(f"  - {visible(reason.sentence)}")
    if reasons:
        click.echo(f"Next: `registry explain {record.model}@{record.pointer}` says what to do.")
    else:
        click.echo(
            f"Nothing holds {reference} now: the promotion sensor takes it up, or"
            f" `registry promote {reference} --reason …`."
        )
