"""Every failure this package raises on purpose, in one tree.

    RegistryError
    ├── InvalidName, InvalidReference          what a person typed
    ├── InvalidInstant                         a time that names no moment yet passed
    ├── InvalidQuery                           a filter, an order or a cursor of a search
    │   └── InvalidCursor
    ├── QueryTooBroad                          a search that would read too many rows
    ├── DeclarationError                       a declaration that contradicts itself
    ├── NoRegistry, NotFound                   nothing there under that name
    ├── MetadataMissing, CodeCommitUnknown     required facts that nobody gave
    ├── SnapshotRefused                        data that would not come back as it went in
    ├── DataUnusable                           data that cannot train or evaluate a model
    ├── TrainingFailed
    │   └── TrainingTimeout
    ├── NotReserved, VersionFailed             a number that cannot be trained
    ├── PackagingRefused, LoadCheckFailed      an estimator that cannot be shipped
    ├── UntrustedTypes                         a file that wants to build unknown types
    ├── PromotionHeld                          the gate said no; `reasons` lists why
    ├── TagRefused                             a tag that the policy in force does not allow
    ├── RetiringRefused                        a version that cannot be archived or rejected so
    ├── RollbackRefused, ReleaseRefused        where a pointer cannot go back, or nothing is held
    ├── RecallRefused                          data whose recall cannot be lifted: there is none
    ├── PointerRefused                         what a deployment does not believe of a pointer
    │   ├── PointerFileInvalid                 damaged, or another's
    │   ├── PointerMovedBack                   older than one seen here before
    │   ├── PointerRewritten                   the same generation, and another version
    │   └── AttestationRefused                 not proven by the keys that are trusted
    ├── StateFileInvalid                       the note of what was seen is damaged
    ├── ProfileInvalid                         not an intact profile of a table
    ├── FolderTaken                            a folder that holds something else
    ├── ConversionRefused                      a version that cannot be written in another form
    ├── ExportUnreadable                       not an intact export of a registry
    ├── ImportRefused                          an export that does not fit what is here
    ├── StoreError
    │   ├── StoreUnwritable
    │   ├── StoreUnreachable                   transient
    │   ├── StoreUnsafe                        it ignores what the promises rest on
    │   ├── BlobMissing
    │   └── BlobCorrupt
    ├── CatalogError
    │   ├── CatalogTooNew, CatalogTooOld
    │   ├── CatalogBehind                      older than its store, or without it
    │   ├── CatalogBusy                        transient
    │   └── CatalogUnreachable                 transient
    ├── SigningError                           keys, and what is signed with them
    │   ├── KeyUnusable                        no key, of another kind, or not at hand
    │   ├── SigningKeyMissing                  the registry's own private key is not here
    │   ├── SignatureInvalid                   not of this key over these bytes
    │   ├── EnvelopeInvalid, StatementInvalid  not in the one form that is read
    │   └── SignersInvalid                     a list of who may sign, likewise
    ├── PolicyInvalid                          a policy that contradicts itself; lists all of it
    ├── PolicyRefused                          a policy that may not come into force so
    ├── ApprovalRefused                        what somebody signed does not count; says why
    ├── AlertsInvalid                          settings of sinks; lists all that is wrong
    ├── AlertUnreadable                        a stored alert, damaged or of a newer release
    ├── DeliveryFailed                         a sink did not take an alert; says why
    ├── LineageInvalid                         where events of lineage go cannot be used
    ├── MirrorError                            another registry, which versions are published to
    │   ├── MirrorUnreachable                  transient
    │   ├── MirrorRefused                      it did not take what was asked of it
    │   │   └── MirrorAddressInvalid           nobody says where it is
    │   └── MirrorDiffers                      it does not hold what was written to it
    ├── AdoptionRefused                        a version there that cannot become one here
    ├── VersionImported                        a version that came as history, to be used as one
    ├── Conflict                               somebody else was faster; refresh and repeat
    └── OutcomeUnknown                         not known whether it was done; repeat to learn

`code` is stable and machine-readable. `transient` says whether the same call may
succeed unchanged later; everything else needs a person first. The message says what
happened and what was expected; `hint`, its last line, says what to do.
"""

from collections.abc import Sequence

from registry_assets.errors.alerting import AlertsInvalid, AlertUnreadable, DeliveryFailed
from registry_assets.errors.base import RegistryError
from registry_assets.errors.decisions import (
    ApprovalRefused,
    PolicyInvalid,
    PolicyRefused,
    PromotionHeld,
    RecallRefused,
    ReleaseRefused,
    RetiringRefused,
    RollbackRefused,
    TagRefused,
)
from registry_assets.errors.deploying import (
    AttestationRefused,
    ConversionRefused,
    FolderTaken,
    PointerFileInvalid,
    PointerMovedBack,
    PointerRefused,
    PointerRewritten,
    StateFileInvalid,
)
from registry_assets.errors.importing import VersionImported
from registry_assets.errors.lineage import LineageInvalid
from registry_assets.errors.mirroring import (
    AdoptionRefused,
    MirrorAddressInvalid,
    MirrorDiffers,
    MirrorError,
    MirrorRefused,
    MirrorUnreachable,
)
from registry_assets.errors.monitoring import ProfileInvalid
from registry_assets.errors.signing import (
    EnvelopeInvalid,
    KeyUnusable,
    SignatureInvalid,
    SignersInvalid,
    SigningError,
    SigningKeyMissing,
    StatementInvalid,
)
from registry_assets.errors.storage import (
    BlobCorrupt,
    BlobMissing,
    CatalogBehind,
    CatalogBusy,
    CatalogError,
    CatalogTooNew,
    CatalogTooOld,
    CatalogUnreachable,
    StoreError,
    StoreUnreachable,
    StoreUnsafe,
    StoreUnwritable,
)

__all__ = [
    "AdoptionRefused",
    "AlertUnreadable",
    "AlertsInvalid",
    "ApprovalRefused",
    "AttestationRefused",
    "BlobCorrupt",
    "BlobMissing",
    "CatalogBehind",
    "CatalogBusy",
    "CatalogError",
    "CatalogTooNew",
    "CatalogTooOld",
    "CatalogUnreachable",
    "CodeCommitUnknown",
    "Conflict",
    "ConversionRefused",
    "DataUnusable",
    "DeclarationError",
    "DeliveryFailed",
    "EnvelopeInvalid",
    "ExportUnreadable",
    "FolderTaken",
    "ImportRefused",
    "InvalidCursor",
    "InvalidInstant",
    "InvalidName",
    "InvalidQuery",
    "InvalidReference",
    "KeyUnusable",
    "LineageInvalid",
    "LoadCheckFailed",
    "MetadataMissing",
    "MirrorAddressInvalid",
    "MirrorDiffers",
    "MirrorError",
    "MirrorRefused",
    "MirrorUnreachable",
    "NoRegistry",
    "NotFound",
    "NotReserved",
    "OutcomeUnknown",
    "PackagingRefused",
    "PointerFileInvalid",
    "PointerMovedBack",
    "PointerRefused",
    "PointerRewritten",
    "PolicyInvalid",
    "PolicyRefused",
    "ProfileInvalid",
    "PromotionHeld",
    "QueryTooBroad",
    "RecallRefused",
    "RegistryError",
    "ReleaseRefused",
    "RetiringRefused",
    "RollbackRefused",
    "SignatureInvalid",
    "SignersInvalid",
    "SigningError",
    "SigningKeyMissing",
    "SnapshotRefused",
    "StateFileInvalid",
    "StatementInvalid",
    "StoreError",
    "StoreUnreachable",
    "StoreUnsafe",
    "StoreUnwritable",
    "TagRefused",
    "TrainingFailed",
    "TrainingTimeout",
    "UntrustedTypes",
    "VersionFailed",
    "VersionImported",
]


class InvalidName(RegistryError):
    """A name outside `[a-z][a-z0-9_]*`, at most 63 characters."""

    code = "invalid_name"


class InvalidReference(RegistryError):
    """A reference that is not `name`, `name:12`, `name@pointer` or `name@sha256:…`."""

    code = "invalid_reference"


class InvalidInstant(RegistryError):
    """A time without a zone, not yet come, or that is no time at all."""

    code = "invalid_instant"


class InvalidQuery(RegistryError):
    """A search that cannot be read; `column` is where in the filter, from 1, if anywhere."""

    code = "invalid_query"

    def __init__(self, message: str, *, column: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column


class InvalidCursor(InvalidQuery):
    """A cursor that is none, or of another search."""

    code = "invalid_cursor"


class QueryTooBroad(RegistryError):
    """A search that would have to read too many rows; the hint names a term to add."""

    code = "query_too_broad"


class DeclarationError(RegistryError):
    """A declaration that is wrong on its face; raised where it is written."""

    code = "declaration"


class NoRegistry(RegistryError):
    """No registry was found from here upwards, nor at REGISTRY_HOME."""

    code = "no_registry"


class NotFound(RegistryError):
    """No model, version, pointer or snapshot of that name."""

    code = "not_found"


class MetadataMissing(RegistryError):
    """Required metadata that nobody gave; `names` lists every one of them."""

    code = "metadata_missing"

    def __init__(self, message: str, *, names: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.names = tuple(names)


class CodeCommitUnknown(RegistryError):
    """The commit of the training code cannot be told."""

    code = "code_commit_unknown"


class SnapshotRefused(RegistryError):
    """Columns that Parquet would give back as something else; `columns` names them."""

    code = "snapshot_refused"

    def __init__(self, message: str, *, columns: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.columns = tuple(columns)


class DataUnusable(RegistryError):
    """Data from which no honest model or evaluation can be made."""

    code = "data_unusable"


class TrainingFailed(RegistryError):
    """The user's training code raised, or returned something that is no estimator."""

    code = "training_failed"


class TrainingTimeout(TrainingFailed):
    """Training passed the limit that the declaration sets."""

    code = "training_timeout"


class NotReserved(RegistryError):
    """A version number that nobody reserved."""

    code = "not_reserved"


class VersionFailed(RegistryError):
    """A version whose training failed, where a committed one is needed."""

    code = "version_failed"


class PackagingRefused(RegistryError):
    """A model whose code or estimator cannot be packaged."""

    code = "packaging_refused"


class LoadCheckFailed(RegistryError):
    """A package that does not load, or does not reproduce its sample, in a fresh process."""

    code = "load_check_failed"


class UntrustedTypes(RegistryError):
    """An estimator file that names types nobody vouched for; `types` lists them."""

    code = "untrusted_types"

    def __init__(self, message: str, *, types: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.types = tuple(types)


class ExportUnreadable(RegistryError):
    """An export or backup that is damaged, incomplete, changed, or no export at all."""

    code = "export_unreadable"


class ImportRefused(RegistryError):
    """An intact export that cannot be taken in here: what is here has another history."""

    code = "import_refused"


class Conflict(RegistryError):
    """The state moved between reading and writing; nothing was done."""

    code = "conflict"
    transient = True


class OutcomeUnknown(RegistryError):
    """It is not known whether the change was made; repeating the call tells."""

    code = "outcome_unknown"
    transient = True
