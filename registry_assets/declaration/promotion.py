"""What moving a pointer takes, beside every gate, as a declaration says it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from registry_assets.declaration.checks import names, no_duplicates, one_of, require
from registry_assets.errors import DeclarationError, InvalidName, RegistryError
from registry_assets.references import check_digest, check_name, check_text

RISKS = ("low", "high")
LONGEST_TAG = 500
"""Characters of a value that people set later, or that a policy allows."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """What moving a pointer takes, beside every gate.

    Args:
        risk: `low`, or `high`; a high-risk model needs at least one person's approval.
        approvals: how many people must approve; by default 0 for low risk, 1 for high.
        roles: whose approvals count; empty means anybody's but the trainer's.
        tags: tags that a version must have, each with the values allowed; none means any.
        policy: digest of the policy that this is written for; while another is in force, every
            version is held.
    """

    risk: str = "low"
    approvals: int | None = None
    roles: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policy: str = ""

    def __post_init__(self) -> None:
        if self.policy != "":
            _check_policy(self.policy)
        one_of(self.risk, RISKS, "Promotion's risk")
        object.__setattr__(self, "roles", names(self.roles, "Promotion(roles=…)"))
        if self.approvals is None:
            object.__setattr__(self, "approvals", 1 if self.risk == "high" else 0)
        number = self.approvals
        require(
            type(number) is int and number >= 0,  # no bool, and nothing that only acts like one
            f"Promotion(approvals={number!r})",
            "give the number of people who must approve, 0 or more",
        )
        require(
            self.risk != "high" or self.required_approvals >= 1,
            "Promotion(risk='high', approvals=0): a high-risk model needs a person's approval",
            "ask for at least one approval, or declare risk='low'",
        )
        require(
            not self.roles or self.required_approvals,
            f"Promotion(roles={list(self.roles)}) asks for no approval, so nobody's role counts",
            "give approvals=1 or more, or leave the roles out",
        )
        object.__setattr__(self, "tags", dict(self._allowed_values()))

    def _allowed_values(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        example = 'give Promotion(tags={"tier": ["gold", "silver"], "cost_center": []})'
        require(
            isinstance(self.tags, Mapping),
            f"Promotion's tags is a {type(self.tags).__name__}",
            example,
        )
        for name, values in self.tags.items():
            what = f"Promotion(tags={{{name!r}: …}})"
            try:
                check_name(name, what="tag")
            except InvalidName as error:
                raise DeclarationError(f"{what}: {error.message}", hint=error.hint) from error
            allowed = names(values, what)
            no_duplicates(allowed, what)
            for value in allowed:
                check_text(value, what=f"value of tag {name}", limit=LONGEST_TAG)
                require(bool(value.strip()), f"{what} allows a blank value", example)
            # Sorted: in another order it is the same policy, with the same digest.
            yield name, tuple(sorted(allowed))

    @property
    def required_approvals(self) -> int:
        """How many people must approve."""
        return self.approvals or 0


def _check_policy(digest: object) -> None:
    try:
        check_digest(digest)  # type: ignore[arg-type]
    except RegistryError as error:
        raise DeclarationError(
            f"Promotion(policy={digest!r:.100})",
            hint="give its digest: Promotion(policy=read_policy(Path('policy.yaml')).digest)",
        ) from error
