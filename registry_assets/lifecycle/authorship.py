"""Who wrote a version's code, asked of git while the repository is at hand, for each pointer.

What counts is what changed since the version that a pointer held last, and pointers differ in
that. The answer becomes a fact of the version; what it means for approvals is asked in
`governance.separation`.
"""

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog import statements
from registry_assets.catalog.counts import has_model
from registry_assets.catalog.tables import promotions
from registry_assets.catalog.versions import get_version
from registry_assets.declaration import RegisteredModel
from registry_assets.governance.separation import WHOLE_HISTORY
from registry_assets.lifecycle.backends import Backends
from registry_assets.packaging.authors import CodeAuthors, code_authors
from registry_assets.packaging.closure import CodeClosure


def read_code_authors(
    backends: Backends, model: RegisteredModel, closure: CodeClosure
) -> dict[str, Json]:
    """Give who wrote the code since each pointer of a model moved last, as JSON by pointer.

    A pointer that is declared later goes by the whole history, under `WHOLE_HISTORY`.
    """
    since: dict[str, str | None] = dict.fromkeys((*model.pointers, WHOLE_HISTORY))
    with backends.catalog.read() as connection:
        if has_model(connection, model.name):
            for pointer in model.pointers:
                since[pointer] = _last_commit(connection, model.name, pointer)
    asked: dict[str | None, CodeAuthors] = {}
    for commit in since.values():
        if commit not in asked:
            asked[commit] = code_authors(closure, since=commit)
    return {pointer: asked[commit].to_json() for pointer, commit in since.items()}


def _last_commit(connection: sa.Connection, model: str, pointer: str) -> str | None:
    """Give the commit of the newest version that a pointer has ever held."""
    key = {"model": model, "pointer": pointer}
    row = statements.newest(connection, promotions, "version", "version", **key)
    if row is None:
        return None
    found = get_version(connection, model, row.version).metadata.get("code_commit")
    return str(found) if found else None
