"""The command group, and how whatever goes wrong becomes one clear message and a code."""

import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum

import click

from registry_assets.cli.alerting import ack, alerts
from registry_assets.cli.approving import approve
from registry_assets.cli.at import at
from registry_assets.cli.billing import sbom
from registry_assets.cli.card import card
from registry_assets.cli.care import backup, rebuild
from registry_assets.cli.changing import init
from registry_assets.cli.collecting import collect
from registry_assets.cli.comparing import compare
from registry_assets.cli.converting import convert
from registry_assets.cli.deciding import promote, release, rollback
from registry_assets.cli.describing import describe, tag
from registry_assets.cli.doctor import doctor
from registry_assets.cli.evidence import evidence
from registry_assets.cli.keys import keys
from registry_assets.cli.log import log
from registry_assets.cli.migrating import migrate
from registry_assets.cli.mirroring import mirrors
from registry_assets.cli.monitoring import monitor
from registry_assets.cli.moving import follow, pull, resolve
from registry_assets.cli.openlineage import openlineage
from registry_assets.cli.policy import policy
from registry_assets.cli.reading import explain, models, show, versions
from registry_assets.cli.recalling import recall, recalls
from registry_assets.cli.registering import register
from registry_assets.cli.replaying import simulate
from registry_assets.cli.report import report
from registry_assets.cli.retiring import archive, reject, unarchive
from registry_assets.cli.searching import search
from registry_assets.cli.text import visible
from registry_assets.cli.tracing import lineage
from registry_assets.cli.transfer import export, import_
from registry_assets.cli.verifying import checkpoint, verify
from registry_assets.errors import (
    AdoptionRefused,
    AlertsInvalid,
    ApprovalRefused,
    ConversionRefused,
    DeclarationError,
    EnvelopeInvalid,
    FolderTaken,
    ImportRefused,
    InvalidInstant,
    InvalidName,
    InvalidQuery,
    InvalidReference,
    KeyUnusable,
    LineageInvalid,
    MetadataMissing,
    MirrorAddressInvalid,
    NoRegistry,
    NotFound,
    PolicyInvalid,
    PolicyRefused,
    PromotionHeld,
    QueryTooBroad,
    RecallRefused,
    RegistryError,
    ReleaseRefused,
    RetiringRefused,
    RollbackRefused,
    SignatureInvalid,
    SignersInvalid,
    StatementInvalid,
    TagRefused,
    VersionFailed,
    VersionImported,
)

INTERRUPTED = 130
MISTYPED = (
    AlertsInvalid,
    DeclarationError,
    InvalidInstant,
    EnvelopeInvalid,
    FolderTaken,
    InvalidName,
    InvalidQuery,
    InvalidReference,
    KeyUnusable,
    LineageInvalid,
    MetadataMissing,
    MirrorAddressInvalid,
    NoRegistry,
    NotFound,
    PolicyInvalid,
    QueryTooBroad,
    SignersInvalid,
    StatementInvalid,
    VersionFailed,
)
REFUSED = (
    AdoptionRefused,
    ApprovalRefused,
    ConversionRefused,
    ImportRefused,
    PolicyRefused,
    PromotionHeld,
    RecallRefused,
    ReleaseRefused,
    RetiringRefused,
    RollbackRefused,
    SignatureInvalid,
    TagRefused,
    VersionImported,
)
SECTIONS = {
    "Read the registry": (
        models,
        versions,
        show,
        lineage,
        compare,
        card,
        sbom,
        report,
        explain,
        log,
        at,
        monitor,
        alerts,
        recalls,
        mirrors,
        search,
        verify,
        checkpoint,
    ),
    "Change the registry": (
        init,
        register,
        promote,
        rollback,
        release,
        recall,
        archive,
        unarchive,
        reject,
        approve,
        tag,
        describe,
        ack,
    ),
    "Govern": (policy, keys),
    "Move": (resolve, pull, follow, convert, evidence, export, import_, migrate, openlineage),
    "Care": (doctor, backup, rebuild, collect, simulate),
}


class Exit(IntEnum):
    """What an exit code means; kept from release to release."""

    DONE = 0
    NO = 1
    MISTYPED = 2
    UNANSWERED = 3


class Sections(click.Group):
    """A group whose help shows its commands by what they do."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section, each in the order of its work."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(str(c.name), c.get_short_help_str(limit=70)) for c in commands]
                )


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
A reference says which version:
  flight_delay:12                  a number
  flight_delay@production          what a pointer holds
  flight_delay@sha256:<64 digits>  a digest

\b
Exit codes:
  0  done
  1  the answer is no: verify found problems, or the registry refused a change
  2  what was typed is wrong: no such command, model, version or registry, a folder in use
  3  the registry cannot answer: catalog or store are busy, damaged or unwritable

\b
Environment:
  REGISTRY_HOME          the project's folder; else the nearest one upwards with a registry
  REGISTRY_STORE         the store, where it is not in that folder; all that `Move` needs
  REGISTRY_STATE         the folder of what was last seen of each pointer
  REGISTRY_ALERTS        where alerts go; else alerts.yaml in the project's folder
  REGISTRY_OPENLINEAGE   who is told of lineage: file:PATH or https://…; nobody without it
  REGISTRY_SIGNING_KEY   the private key that promotions are signed with
  REGISTRY_TRUSTED_KEYS  by which keys `Move` believes a pointer: what `registry keys` prints
  REGISTRY_DEBUG=1       show the traceback of an error
  NO_COLOR=1             no colours""",
)
@click.version_option(package_name="registry_assets", prog_name="registry")
def registry() -> None:
    """The model registry of the project you stand in.

    Every command takes --json, and then prints one JSON document. `registry COMMAND --help`
    shows what it answers, with examples.
    """


for _commands in SECTIONS.values():
    for _command in _commands:
        registry.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; errors are one message on stderr."""
    try:
        code = registry.main(arguments, prog_name="registry", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RegistryError as error:
        _report(error.message, error.hint)
        if isinstance(error, REFUSED):
            return Exit.NO
        return Exit.MISTYPED if isinstance(error, MISTYPED) else Exit.UNANSWERED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        hint = "check that path, and that it may be used by this user" if where else ""
        _report(f"{where}{error.strerror or error}", hint)
        return Exit.UNANSWERED
    except Exception as error:  # noqa: BLE001 - Python's own exit code for a crash means "no" here
        _report(
            f"unexpected {type(error).__name__}: {error}",
            "this is a defect of registry_assets; REGISTRY_DEBUG=1 shows where",
        )
        return Exit.UNANSWERED
    return Exit.DONE if code is None else int(code)


def _report(message: str, hint: str) -> None:
    if os.environ.get("REGISTRY_DEBUG") == "1":
        traceback.print_exc()
    click.echo(f"Error: {visible(message, lines=True)}", err=True)
    if hint:
        click.echo(f"Hint: {visible(hint, lines=True)}", err=True)
