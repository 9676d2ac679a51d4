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
    ├── PointerRefused                         what a deployment does not believe of a pointer
    │   ├── PointerFileInvalid                 damaged, or another's
    │   ├── PointerMovedBack                   older than one seen here before
    │   └── PointerRewritten                   the same generation, and another version
    ├── StateFileInvalid                       the note of what was seen is damaged
    ├── FolderTaken                            a folder that holds something else
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
    ├── Conflict                               somebody else was faster; refresh and repeat
    └── OutcomeUnknown                         not known whether it was done; repeat to learn

`code` is stable and machine-readable. `transient` says whether the same call may
succeed unchanged later; everything else needs a person first. The message says what
happened and what was expected; `hint`, its last line, says what to do.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from registry_assets.governance.decide import Reason


class RegistryError(Exception):
    """Base of every error raised on purpose; carries a stable `code` and a `hint`."""

    code: ClassVar[str] = "registry"
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


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


class PromotionHeld(RegistryError):
    """The gate said no; `reasons` lists everything that is missing, each with its code."""

    code = "promotion_held"

    def __init__(self, message: str, *, reasons: Sequence["Reason"], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons = tuple(reasons)


class TagRefused(RegistryError):
    """A tag that the policy does not allow, or asks for and somebody takes away; `names` them."""

    code = "tag_refused"

    def __init__(self, message: str, *, names: Sequence[str], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.names = tuple(names)


class RetiringRefused(RegistryError):
    """A version that cannot be archived, unarchived or rejected, as things stand."""

    code = "retiring_refused"


class PointerRefused(RegistryError):
    """The store says of a pointer what a deployment must not believe."""

    code = "pointer_refused"


class PointerFileInvalid(PointerRefused):
    """A pointer file that is damaged, of another format, or another pointer's."""

    code = "pointer_file_invalid"


class PointerMovedBack(PointerRefused):
    """An older generation than was seen before; `seen` and `found` are the two."""

    code = "pointer_moved_back"

    def __init__(self, message: str, *, seen: int, found: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = seen
        self.found = found


class PointerRewritten(PointerRefused):
    """The generation seen before with another digest; `seen` and `found` are the digests."""

    code = "pointer_rewritten"

    def __init__(self, message: str, *, seen: str, found: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = seen
        self.found = found


class StateFileInvalid(RegistryError):
    """The note of what was last seen of a pointer is damaged."""

    code = "state_file_invalid"


class FolderTaken(RegistryError):
    """A folder that holds something else, or that another process works in."""

    code = "folder_taken"


class ExportUnreadable(RegistryError):
    """An export or backup that is damaged, incomplete, changed, or no export at all."""

    code = "export_unreadable"


class ImportRefused(RegistryError):
    """An intact export that cannot be taken in here: what is here has another history."""

    code = "import_refused"


class StoreError(RegistryError):
    """The store could not do what was asked."""

    code = "store"


class StoreUnwritable(StoreError):
    """The store cannot be created or written."""

    code = "store_unwritable"


class StoreUnreachable(StoreError):
    """The service that the store is in does not answer, or asks for patience; nothing was done."""

    code = "store_unreachable"
    transient = True


class StoreUnsafe(StoreError):
    """A disk or service that does not do what the store's promises rest on."""

    code = "store_unsafe"


class BlobMissing(StoreError):
    """A blob that is named somewhere is not in the store."""

    code = "blob_missing"

    def __init__(self, message: str, *, digest: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.digest = digest


class BlobCorrupt(StoreError):
    """A blob's bytes are not those of its name; `expected` and `actual` are digests."""

    code = "blob_corrupt"

    def __init__(self, message: str, *, expected: str, actual: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.expected = expected
        self.actual = actual


class CatalogError(RegistryError):
    """The catalog could not do what was asked."""

    code = "catalog"


class CatalogTooNew(CatalogError):
    """The catalog was written by a newer release of this package."""

    code = "catalog_too_new"


class CatalogTooOld(CatalogError):
    """The catalog awaits a migration."""

    code = "catalog_too_old"


class CatalogBehind(CatalogError):
    """Catalog and store are not of one time: one of them was lost, or put back."""

    code = "catalog_behind"


class CatalogBusy(CatalogError):
    """Another process held the write lock for too long."""

    code = "catalog_busy"
    transient = True


class CatalogUnreachable(CatalogError):
    """The catalog's server does not answer, or was lost before the change was committed."""

    code = "catalog_unreachable"
    transient = True


class Conflict(RegistryError):
    """The state moved between reading and writing; nothing was done."""

    code = "conflict"
    transient = True


class OutcomeUnknown(RegistryError):
    """It is not known whether the change was made; repeating the call tells."""

    code = "outcome_unknown"
    transient = True
