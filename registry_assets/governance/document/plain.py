"""YAML that has one reading: what stands there is what a person sees there.

A plain `no` is a text and no boolean, `010` no eight, `1:30` no ninety, a date no instant; a
name that stands twice, an alias and a tag are refused. What the fields of a policy mean is
`reading`.
"""

import re
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Any

_PREFIX = "tag:yaml.org,2002:"
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
_SCALARS = (
    ("null", re.compile(r"~|null|"), ["~", "n", ""]),
    ("bool", re.compile(r"true|false"), list("tf")),
    ("int", re.compile(r"-?(?:0|[1-9][0-9]*)"), list("-0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
)
"""What a scalar without quotes may be, beside a text: its pattern, and its first signs."""


def parse_yaml(text: str) -> Any:
    """Read one document.

    Raises:
        ValueError: it is none, or could be read in more than one way; says what and where.
    """
    import yaml

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 - a SafeLoader that takes less
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(_said(error)) from error


def _said(error: Exception) -> str:
    """Say where the text is wrong, and how: PyYAML calls each text `<unicode string>`."""
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None:
        return re.sub(r'\s+in "<unicode string>",', " at", str(error))
    said = ", ".join(filter(None, (getattr(error, "context", ""), getattr(error, "problem", ""))))
    if "'\\t'" in said:
        said += ": indent with spaces, not with tabs"
    if begun is not None and begun.line != mark.line:
        said += f" (begun in line {begun.line + 1})"
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}\n{mark.get_snippet() or ''}"


def to_yaml(value: object) -> str:
    """Write a value so that `parse_yaml` reads it back, and every other reader as well."""
    import yaml

    return str(yaml.dump(value, Dumper=_dumper(), sort_keys=False, width=100))


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if isinstance(event, yaml.AliasEvent):
                raise _refused("an alias is refused", event.start_mark)
            if getattr(event, "tag", None) is not None:
                raise _refused(f"the tag {event.tag} is refused", event.start_mark)
            return super().compose_node(parent, index)

        def construct_scalar(self, node: Any) -> str:
            text: str = super().construct_scalar(node)
            # JSON may write one character as two halves, which YAML leaves as they are.
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

        def construct_mapping(self, node: Any, deep: bool = False) -> Mapping[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
            # Of two rules under one name YAML keeps the last, and who reads the first is deceived.
            seen: set[Hashable] = set()
            for key, _ in node.value:
                name = self.construct_object(key, deep=True)
                if isinstance(name, Hashable) and name in seen:
                    raise _refused(f"{name!r:.100} stands twice", key.start_mark)
                if isinstance(name, Hashable):
                    seen.add(name)
            made: Mapping[Any, Any] = super().construct_mapping(node, deep)
            return made

    def _refused(problem: str, mark: Any) -> yaml.constructor.ConstructorError:
        return yaml.constructor.ConstructorError(None, None, problem, mark)

    for name, pattern, first in _SCALARS:
        # PyYAML matches from the start, and not to the end.
        whole = re.compile(rf"(?:{pattern.pattern})\Z")
        Loader.add_implicit_resolver(_PREFIX + name, whole, first)
    return Loader


@cache
def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        """Puts into quotes what any reader of YAML, of old or here, would take for no text."""

    whole = re.compile(rf"(?:{_FLOAT.pattern})\Z")
    Dumper.add_implicit_resolver(_PREFIX + "float", whole, list("-+.0123456789"))
    return Dumper
