"""Draft: a policy file to start from, that asks for what the registered models declare now."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from registry_assets.canonical import Json
from registry_assets.catalog import statements
from registry_assets.catalog.models import ModelRecord, list_models
from registry_assets.catalog.tables import versions
from registry_assets.catalog.versions import get_version
from registry_assets.governance.document.plain import to_yaml
from registry_assets.governance.document.values import FORMAT
from registry_assets.governance.plans import plan_of
from registry_assets.lifecycle.backends import Backends

_HEAD = """\
# Who may sign, and what moving each pointer takes. `registry policy check FILE` reads it,
# `registry policy explain FILE` says it in sentences, `registry policy simulate FILE` holds every
# past promotion against it, and `registry policy activate FILE --key KEY` brings it into force.

format: {format}

people:
  - name: ann                      # a name of your own choice
    full_name: Ann Example
    roles: [risk]
    keys: []                       # the line of ~/.ssh/id_ed25519.pub
    emails: [ann@example.com]      # as in her commits
    accounts: [ann]                # under which she works

# Accounts and addresses that stand for no person: schedulers, CI, the Dagster host.
services: []

# Whose signatures the next policy takes.
activation: {{roles: [risk], approvals: 1}}

tiers:
  low: {{}}
  high:
    retention_years: 10
    pointers:
      production:
        approvals: 1
        roles: [risk]
        evaluation_max_age: 90 days
        approval_expires: 30 days

"""


def draft_policy(backends: Backends) -> str:
    """Write a policy in YAML that pins tier, gates and plan of every model as they are declared."""
    with backends.catalog.read() as connection:
        pinned: dict[str, Json] = {
            model.name: _pinned(model, _holdout(connection, model.name))
            for model in list_models(connection)
        }
    text = _HEAD.format(format=FORMAT)
    if not pinned:
        return text + "models: {}\n"
    return text + to_yaml({"models": pinned})


def _holdout(connection: sa.Connection, model: str) -> Mapping[str, Any] | None:
    """Give the rule by which the newest version was held out; None where there is none yet."""
    row = statements.newest(connection, versions, "number", "number", model=model)
    return None if row is None else get_version(connection, model, row.number).recipe.split


def _pinned(model: ModelRecord, holdout: Mapping[str, Any] | None) -> dict[str, Json]:
    gates: dict[str, Json] = {
        gate["name"]: dict(sorted(gate["definition"].items(), key=lambda item: item[0] != "gate"))
        for gate in model.suite["gates"]
    }
    plan = plan_of(model.suite, holdout)
    return {"tier": str(model.policy["risk"]), "gates": gates, "plan": plan}
