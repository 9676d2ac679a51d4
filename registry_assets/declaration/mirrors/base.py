"""What a declaration needs of any mirror, and what it checks of all that it is given."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from registry_assets.canonical import Json
from registry_assets.declaration.checks import finite, names, no_duplicates, one_of, require
from registry_assets.declaration.pointers import RESERVED_ASSETS
from registry_assets.errors import DeclarationError
from registry_assets.references import check_name

Publish = Literal["promotion", "commit"]
PUBLISH: tuple[Publish, ...] = ("promotion", "commit")


@runtime_checkable
class Mirror(Protocol):
    """What a declaration needs of a mirror; `MLflow` is one.

    One of your own also has `connect(model: str)`, which gives a
    `registry_assets.mirroring.protocol.MirrorClient`.
    """

    @property
    def mirror(self) -> str:
        """What it is called here: its asset is `<model>/<mirror>`."""

    @property
    def publish(self) -> Publish:
        """Which versions go out: those that a pointer holds, or all as they are committed."""

    @property
    def verify_hours(self) -> float:
        """After how many hours every byte there is compared again."""

    def definition(self) -> dict[str, Json]:
        """Give it as JSON: `kind`, `address`, `name` and more; no secret is in it."""


@runtime_checkable
class KnowsPointers(Protocol):
    """A mirror that names a pointer of the model's itself."""

    def check_pointers(self, pointers: tuple[str, ...]) -> None:
        """Refuse one that the model does not have."""


def check_common(mirror: Mirror, kind: str) -> None:
    """Check what every mirror says: what it is called, what goes out, how often all is compared.

    Args:
        kind: what it is called in a declaration, for the errors: `MLflow`.

    Raises:
        DeclarationError: it cannot be meant so; says what would be right.
    """
    check_name(mirror.mirror, what="mirror name")
    one_of(mirror.publish, PUBLISH, f"{kind}(publish=…)")
    hours = finite(mirror.verify_hours, f"{kind}(verify_hours=…)")
    require(hours > 0, f"{kind}(verify_hours={hours:g})", "give hours, above 0")


def check_address(address: str, argument: str, *, example: str, instead: str) -> None:
    """Check that an address is one of a server, and that nothing in it opens that; "" is none.

    Args:
        argument: as it is written in a declaration: `MLflow(tracking_uri=…)`.
        instead: how it is said who may write there.

    Raises:
        DeclarationError: it is not; says what would be right.
    """
    keyword = argument.partition("(")[2].partition("=")[0]
    if not isinstance(address, str):
        raise DeclarationError(
            f"{argument} is a {type(address).__name__}", hint=f'{keyword}="{example}"'
        )
    if not address:
        return
    try:
        parts = urlsplit(address)
        secret = bool(parts.username or parts.password)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname
        wrong = wrong or bool(parts.query or parts.fragment)
    except ValueError:
        secret, wrong = "@" in address, True
    # Not quoted before it is known that no password is in it.
    require(
        not secret,
        f"{argument} has a user or a password in it",
        f"leave them out, and set {instead}, where it runs",
    )
    require(
        not wrong,
        f"{argument.removesuffix('…)')}{address!r:.200}) is no address of a server",
        f'{keyword}="{example}"',
    )


def check_mirrors(
    model: str, mirrors: Sequence[Mirror], pointers: Sequence[str]
) -> tuple[Mirror, ...]:
    """Give a declaration's mirrors, each of which can be an asset of the model.

    Raises:
        DeclarationError: one is none, stands twice, or has the name of another asset.
    """
    if isinstance(mirrors, Mirror) or not isinstance(mirrors, Sequence):
        raise DeclarationError(
            f"mirrors is a {type(mirrors).__name__}",
            hint='give a list: mirrors=[MLflow(tracking_uri="https://mlflow.example.com")]',
        )
    for each in mirrors:
        require(
            isinstance(each, Mirror),
            f"mirrors holds a {type(each).__name__}",
            'mirrors=[MLflow(tracking_uri="https://mlflow.example.com")]',
        )
        check_name(each.mirror, what="mirror name")
        one_of(each.publish, PUBLISH, f"publish of the mirror {each.mirror}")
        if isinstance(each, KnowsPointers):
            each.check_pointers(tuple(pointers))
        taken = (*RESERVED_ASSETS, *pointers)
        require(
            each.mirror not in taken,
            f"a mirror cannot be called {each.mirror!r}: {model}/{each.mirror} is another asset",
            f"rename it by mirror=…; taken are {', '.join(taken)}",
        )
    no_duplicates(names([each.mirror for each in mirrors], "mirrors"), "mirrors")
    return tuple(mirrors)
