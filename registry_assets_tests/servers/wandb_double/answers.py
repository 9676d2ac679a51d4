"""What the double answers to each GraphQL operation of the client, by its name.

More is answered than was asked for: the client takes what it asked for. An operation that is not
here is an error that names it, and never an empty answer.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from registry_assets_tests.servers.wandb_double.state import (
    ORG,
    ORG_ENTITY,
    REGISTRY,
    TEAM,
    Artifact,
    Collection,
    File,
    Member,
    Run,
    State,
    new_id,
    now,
)

Variables = Mapping[str, Any]
Answer = dict[str, Any]
_FEATURES = ("ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",)


class Refused(Exception):
    """A question that is answered by an error.

    Args:
        status: of HTTP; 200 where GraphQL says it alone.
    """

    def __init__(self, said: str, *, status: int = 200) -> None:
        super().__init__(said)
        self.status = status


class Answers:
    """Answers questions about a state.

    Args:
        url: where the double is, for the addresses of files.
    """

    def __init__(self, state: State, url: str) -> None:
        self._state = state
        self._url = url

    def answer(self, operation: str, variables: Variables) -> Answer:
        """Give the data of an answer.

        Raises:
            Refused: there is no such operation, or it cannot be.
        """
        found = _OPERATIONS.get(operation)
        if found is None:
            raise Refused(f"the double knows no operation {operation}", status=400)
        with self._state.lock:
            data = found(self, {**variables, **(variables.get("input") or {})})
            if operation not in _READS:
                self._state.save()
            return data

    def viewer(self, _: Variables) -> Answer:
        teams = {"edges": [{"node": {"name": TEAM}}]}
        person = {"id": "VXNlcjox", "name": "Marta", "username": "marta", "entity": TEAM}
        more = {"email": "marta@example.com", "flags": "{}", "admin": False, "deletedAt": None}
        return {"viewer": {**person, **more, "teams": teams, "apiKeys": {"edges": []}}}

    def features(self, _: Variables) -> Answer:
        return {"serverInfo": {"features": [{"name": n, "isEnabled": True} for n in _FEATURES]}}

    def entity(self, asked: Variables) -> Answer:
        if not {TEAM, ORG_ENTITY} & {str(each) for each in asked.values()}:
            return {"entity": None}
        org = {"name": ORG, "orgEntity": {"name": ORG_ENTITY}, "coreWeaveOrganizationId": None}
        return {"entity": {"organization": org, "user": None, "xxhashDigestsEnabled": False}}

    def upsert_run(self, asked: Variables) -> Answer:
        run, where = self._state.runs.get(asked.get("id") or ""), ("", "", "")
        if run is None:
            where = (asked.get("entity") or TEAM, asked["project"], asked["name"])
            run = self._state.run(*where)
        inserted = run is None
        if run is None:
            run = Run(new_id("Run"), *where, created_at=now())
            self._state.runs[run.id] = run
        if run.gone:
            said = f"run {run.entity}/{run.project}/{run.name} was previously created and deleted"
            raise Refused(f"{said}; try a new run name", status=409)
        for name in ("display_name", "config", "notes", "job_type"):
            first, *rest = name.split("_")
            given = asked.get(first + "".join(word.title() for word in rest))
            if given is not None:
                setattr(run, name, given)
        run.summary = asked.get("summaryMetrics") or run.summary
        return {"upsertBucket": {"bucket": self._run(run), "inserted": inserted}}

    def resume_status(self, asked: Variables) -> Answer:
        where = (asked.get("entity") or TEAM, asked["project"], asked["name"])
        run = self._state.run(*where)
        if run is not None and run.gone:
            run = None
        model = {**_project(*where[:2]), "bucket": None if run is None else self._run(run)}
        return {"model": model}

    def read_run(self, asked: Variables) -> Answer:
        name = asked.get("name") or asked.get("run")
        run = self._state.run(asked["entity"], asked["project"], str(name))
        run = None if run is None or run.gone else run
        return {"project": {"run": None if run is None else self._run(run)}}

    def run_files(self, asked: Variables) -> Answer:
        files = [
            {"name": n, "uploadUrl": f"{self._url}/aside/{secrets.token_hex(8)}"}
            for n in asked["files"]
        ]
        made = {"runID": asked["run"], "uploadHeaders": [], "files": files}
        return {"createRunFiles": made}

    def artifact_type(self, asked: Variables) -> Answer:
        name = str(asked["name"]).partition(":")[0]
        found = self._state.collection(asked["entity"], asked["project"], name)
        artifact = None if found is None else {"artifactType": {"name": found.type}}
        return {"project": {"artifact": artifact}}

    def digest_algorithm(self, _: Variables) -> Answer:
        return {"project": {"artifactType": None}}

    def create_artifact(self, asked: Variables) -> Answer:
        state = self._state
        name = asked.get("artifactCollectionName") or asked["artifactCollectionNames"][0]
        where = (asked["entityName"], asked["projectName"], name)
        found = state.collection(*where)
        if found is not None and found.type != asked["artifactTypeName"]:
            raise Refused(f"{found.name} is of the type {found.type}")
        sequence = state.make_collection("ArtifactSequence", where, asked["artifactTypeName"])
        before = [
            a
            for a in state.artifacts.values()
            if (a.sequence, a.digest) == (sequence.id, asked["digest"]) and a.state == "COMMITTED"
        ]
        aliases = [each["alias"] for each in asked.get("aliases") or []]
        if before:
            made = before[0]
        else:
            made = Artifact(
                new_id("Artifact"),
                sequence.id,
                asked["artifactTypeName"],
                asked["digest"],
                asked.get("runName") or "",
                asked.get("description"),
                asked.get("metadata"),
                aliases,
                [each["tagName"] for each in asked.get("tags") or []],
                created_at=now(),
                updated_at=now(),
            )
            state.artifacts[made.id] = made
        latest = state.member(sequence, "latest")
        newest = None if latest is None else {"id": latest.artifact, "versionIndex": latest.index}
        of = {"id": sequence.id, "latestArtifact": newest}
        return {
            "createArtifact": {
                "artifact": {"id": made.id, "state": made.state, "artifactSequence": of}
            }
        }

    def create_manifest(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        artifact.manifest = secrets.token_hex(12)
        return self._manifest(artifact, "createArtifactManifest")

    def update_manifest(self, asked: Variables) -> Answer:
        named = asked["artifactManifestID"].removesuffix("-manifest")
        return self._manifest(self._artifact(named), "updateArtifactManifest")

    def create_files(self, asked: Variables) -> Answer:
        edges = []
        for each in asked["artifactFiles"]:
            artifact = self._artifact(each["artifactID"])
            held = next((file for file in artifact.files if file.name == each["name"]), None)
            if held is None:
                held = File(each["name"], secrets.token_hex(12), each.get("md5") or "")
                artifact.files.append(held)
            node: Answer = {
                "storagePath": f"wandb_artifacts/{held.key}",
                "uploadUrl": f"{self._url}/blobs/{held.key}",
                "uploadHeaders": [],
                "uploadMultipartUrls": None,
                "artifact": {"id": artifact.id},
            }
            edges.append({"node": node})
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def commit(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        if artifact.state == "PENDING":
            artifact.state = "COMMITTED"
            sequence = self._state.collections[artifact.sequence]
            artifact.index = self._state.join(sequence, artifact, artifact.aliases).index
        return {"commitArtifact": {"artifact": {"id": artifact.id, "digest": artifact.digest}}}

    def artifact_by_id(self, asked: Variables) -> Answer:
        found = self._state.artifacts.get(asked["id"])
        return {"artifact": None if found is None else self._said(found)}

    def read_manifest(self, asked: Variables) -> Answer:
        found = self._artifact(asked.get("id") or asked["artifact_id"])
        file = {"directUrl": f"{self._url}/blobs/{found.manifest}"}
        return {"artifact": {"currentManifest": {"file": file}}}

    def logged_by(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["id"])
        sequence = self._state.collections[artifact.sequence]
        run = self._state.run(sequence.entity, sequence.project, artifact.run)
        known = run is not None and not run.gone
        return {"artifact": {"createdBy": self._run(run) if run is not None and known else None}}

    def update_artifact(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        if "description" in asked:
            artifact.description = asked["description"]
        artifact.metadata = asked.get("metadata") or artifact.metadata
        gone = {each["tagName"] for each in asked.get("tagsToDelete") or []}
        added = [each["tagName"] for each in asked.get("tagsToAdd") or []]
        artifact.tags = [tag for tag in artifact.tags if tag not in gone] + added
        artifact.updated_at = now()
        return _both("updateArtifact", {"artifact": self._said(artifact)})

    def delete_artifact(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        aliases = [alias for m in self._state.places(artifact) for alias in m.aliases]
        if aliases and not asked.get("deleteAliases"):
            raise Refused("an artifact with an alias cannot be deleted")
        self._refuse_protected(aliases)
        self._state.delete(artifact)
        return _both("deleteArtifact", {"artifact": {"id": artifact.id}})

    def link(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        name, project = asked["artifactPortfolioName"], asked["projectName"]
        where = (asked["entityName"], project, name)
        if project.startswith(REGISTRY) and where[0] != ORG_ENTITY:
            raise Refused(f"{where[0]} has no registries", status=404)
        portfolio = self._state.make_collection("ArtifactPortfolio", where, artifact.type)
        aliases = [each["alias"] for each in asked.get("aliases") or []]
        self._refuse_protected(aliases)
        member = self._state.join(portfolio, artifact, aliases)
        said = {"versionIndex": member.index, "artifactMembership": self._membership(member)}
        return _both("linkArtifact", said)

    def unlink(self, asked: Variables) -> Answer:
        for each in list(self._state.places(self._artifact(asked["artifactID"]))):
            if each.collection == asked["artifactPortfolioID"]:
                self._refuse_protected(each.aliases)
                del self._state.members[each.id]
        return _both("unlinkArtifact", {"success": True})

    def add_aliases(self, asked: Variables) -> Answer:
        for member, alias in self._aliases(asked):
            self._state.set_alias(member, alias)
        return _both("addAliases", {"success": True})

    def delete_aliases(self, asked: Variables) -> Answer:
        for member, alias in self._aliases(asked):
            if alias in member.aliases:
                member.aliases.remove(alias)
        return _both("deleteAliases", {"success": True})

    def read_only(self, asked: Variables) -> Answer:
        exists = self._state.project_exists(asked["entity"], asked["project"])
        return {"project": {"readOnly": False} if exists else None}

    def membership_by_name(self, asked: Variables) -> Answer:
        if not self._state.project_exists(asked["entity"], asked["project"]):
            return {"project": None}
        name, _, alias = str(asked["name"]).partition(":")
        found = self._state.collection(asked["entity"], asked["project"], name)
        member = None if found is None else self._state.member(found, alias or "latest")
        said = None if member is None else self._membership(member)
        return {"project": {"artifactCollectionMembership": said}}

    def linked(self, asked: Variables) -> Answer:
        artifact = self._artifact(asked["artifactID"])
        edges = [{"node": self._membership(each)} for each in self._state.places(artifact)]
        return {"artifact": {"artifactMemberships": {"edges": edges}}}

    def artifacts_of(self, asked: Variables) -> Answer:
        found = self._collection_asked(asked)
        if found is None:
            return self._project_with(asked, None)
        members = [
            m
            for m in self._state.members_of(found)
            if self._state.artifacts[m.artifact].state == "COMMITTED"
        ]
        some, page = _page(members, asked)
        edges = [{"version": f"v{m.index}", "node": self._said_of(m)} for m in some]
        connection = {"totalCount": len(members), "pageInfo": page, "edges": edges}
        return self._project_with(asked, {**self._collection(found), "artifacts": connection})

    def collection_of(self, asked: Variables) -> Answer:
        found = self._collection_asked({**asked, "collection": asked["name"]})
        return self._project_with(asked, None if found is None else self._collection(found))

    def collection_aliases(self, asked: Variables) -> Answer:
        found = self._state.collections[asked["id"]]
        nodes = [
            {"node": _alias(m, alias)} for m in self._state.members_of(found) for alias in m.aliases
        ]
        aliases = {"pageInfo": _END, "edges": nodes}
        return {"artifactCollection": {"__typename": found.kind, "aliases": aliases}}

    def update_portfolio(self, asked: Variables) -> Answer:
        found = self._state.collections[asked.get("artifactPortfolioID") or ""]
        found.description = asked.get("description") or found.description
        return _both("updateArtifactPortfolio", {"artifactCollection": self._collection(found)})

    def files_of(self, asked: Variables) -> Answer:
        found = self._state.collection(asked["entity"], asked["project"], asked["collection"])
        member = None if found is None else self._state.member(found, asked["alias"])
        if found is None or member is None:
            return {"project": {"artifactCollection": None}}
        files = self._state.artifacts[member.artifact].files
        some, page = _page(files, asked)
        edges = [{"node": self._file(each)} for each in some]
        connection = {"totalCount": len(files), "pageInfo": page, "edges": edges}
        membership = {"artifactMembership": {"files": connection}}
        return {"project": {"artifactCollection": {"__typename": found.kind, **membership}}}

    def nothing(self, _: Variables) -> Answer:
        return _both("markRunFilesUploaded", {"success": True})

    def _artifact(self, named: str) -> Artifact:
        found = self._state.artifacts.get(named)
        if found is None or found.state == "DELETED":
            raise Refused(f"no artifact {named}", status=404)
        return found

    def _aliases(self, asked: Variables) -> Iterator[tuple[Member, str]]:
        artifact = self._artifact(asked["artifactID"])
        for each in asked["aliases"]:
            self._refuse_protected([each["alias"]])
            where = (each["entityName"], each["projectName"], each["artifactCollectionName"])
            found = self._state.collection(*where)
            members = self._state.members_of(found) if found else []
            member = next((m for m in members if m.artifact == artifact.id), None)
            if member is None:
                raise Refused(f"{where[2]} does not hold that artifact", status=404)
            yield member, each["alias"]

    def _refuse_protected(self, aliases: Sequence[str]) -> None:
        if held := set(aliases) & set(self._state.protected):
            raise Refused(f"permission denied: protected alias {', '.join(held)}", status=403)

    def _collection_asked(self, asked: Variables) -> Collection | None:
        where = (asked["entity"], asked["project"], asked["collection"])
        found = self._state.collection(*where)
        return found if found is not None and found.type == asked["type"] else None

    def _project_with(self, asked: Variables, collection: Answer | None) -> Answer:
        if not self._state.project_exists(asked["entity"], asked["project"]):
            return {"project": None}
        return {"project": {"artifactType": {"artifactCollection": collection}}}

    def _run(self, run: Run) -> Answer:
        project = _project(run.entity, run.project)
        more: Answer = {
            "__typename": "Run",
            "displayName": run.display_name,
            "summaryMetrics": run.summary,
            "jobType": run.job_type,
            "createdAt": run.created_at,
            "heartbeatAt": run.created_at,
            "projectId": 1,
            "user": {"name": "Marta", "username": "marta"},
            "tags": [],
            "historyTail": "[]",
            "eventsTail": "[]",
            "wandbConfig": "{}",
            "systemMetrics": "{}",
            "historyKeys": None,
            "readOnly": False,
        }
        counts = dict.fromkeys(("historyLineCount", "logLineCount", "eventsLineCount"), 0)
        said = {name: getattr(run, name) for name in ("id", "name", "config", "notes", "state")}
        empty = dict.fromkeys(("description", "sweepName", "group", "commit"))
        return {**empty, **said, **more, **counts, "project": project}

    def _manifest(self, artifact: Artifact, operation: str) -> Answer:
        place = f"{self._url}/blobs/{artifact.manifest}"
        file = {"id": f"{artifact.id}-file", "uploadUrl": place, "uploadHeaders": []}
        return {operation: {"artifactManifest": {"id": f"{artifact.id}-manifest", "file": file}}}

    def _said(self, artifact: Artifact, index: int | None = None) -> Answer:
        state = self._state
        members = list(state.places(artifact))
        aliases = [
            {
                **_alias(member, alias),
                "artifactCollection": self._collection(state.collections[member.collection]),
            }
            for member in members
            for alias in member.aliases
        ]
        return {
            "__typename": "Artifact",
            "id": artifact.id,
            "artifactSequence": self._collection(state.collections[artifact.sequence]),
            "versionIndex": artifact.index if index is None else index,
            "artifactType": {"name": artifact.type},
            "description": artifact.description,
            "metadata": artifact.metadata,
            "ttlDurationSeconds": -2,
            "ttlIsInherited": True,
            "tags": [_tag(each) for each in artifact.tags],
            "historyStep": None,
            "state": artifact.state,
            "size": sum(state.size(file.key) for file in artifact.files),
            "digest": artifact.digest,
            "digestAlgorithm": "MANIFEST_MD5",
            "commitHash": artifact.id,
            "fileCount": len(artifact.files),
            "createdAt": artifact.created_at,
            "updatedAt": artifact.updated_at,
            "aliases": aliases,
        }

    def _said_of(self, member: Member) -> Answer:
        return self._said(self._state.artifacts[member.artifact])

    def _membership(self, member: Member) -> Answer:
        return {
            "__typename": "ArtifactCollectionMembership",
            "id": member.id,
            "versionIndex": member.index,
            "createdAt": member.created_at,
            "aliases": [_alias(member, alias) for alias in member.aliases],
            "artifactCollection": self._collection(self._state.collections[member.collection]),
            "artifact": self._said_of(member),
        }

    def _collection(self, found: Collection) -> Answer:
        return {
            "__typename": found.kind,
            "id": found.id,
            "name": found.name,
            "description": found.description,
            "createdAt": found.created_at,
            "updatedAt": None,
            "project": _project(found.entity, found.project),
            "type": {"name": found.type},
            "tags": {"edges": [{"node": _tag(each)} for each in found.tags]},
        }

    def _file(self, file: File) -> Answer:
        url = f"{self._url}/blobs/{file.key}"
        return {
            "__typename": "File",
            "id": file.key,
            "name": file.name,
            "url": url,
            "directUrl": url,
            "sizeBytes": self._state.size(file.key),
            "storagePath": f"wandb_artifacts/{file.key}",
            "mimetype": "",
            "updatedAt": None,
            "digest": file.md5,
            "md5": file.md5,
        }


_END: Answer = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}


def _page(members: Sequence[Any], asked: Variables) -> tuple[Sequence[Any], Answer]:
    first = int(asked.get("cursor") or 0)
    after = first + int(asked.get("perPage") or 50)
    more = {"endCursor": str(after), "hasNextPage": after < len(members)}
    return members[first:after], {**_END, **more}


def _both(operation: str, said: Answer) -> Answer:
    """Answer under the name of the field, and under that which the client gives it."""
    return {operation: said, "result": said}


def _project(entity: str, project: str) -> Answer:
    of = {"id": f"Entity-{entity}", "name": entity}
    return {"id": f"Project-{entity}-{project}", "internalId": "1", "name": project, "entity": of}


def _tag(name: str) -> Answer:
    return {"__typename": "Tag", "id": f"Tag-{name}", "name": name}


def _alias(member: Member, alias: str) -> Answer:
    return {"__typename": "ArtifactAlias", "id": f"{member.id}-{alias}", "alias": alias}


_OPERATIONS: dict[str, Callable[[Answers, Variables], Answer]] = {
    "Viewer": Answers.viewer,
    "GetViewer": Answers.viewer,
    "GetDefaultEntity": Answers.viewer,
    "ServerFeaturesQuery": Answers.features,
    "FetchOrgInfoFromEntity": Answers.entity,
    "FetchOrgEntityFromEntity": Answers.entity,
    "OrganizationCoreWeaveOrganizationID": Answers.entity,
    "XXHashDigestsEnabled": Answers.entity,
    "UpsertBucket": Answers.upsert_run,
    "RunResumeStatus": Answers.resume_status,
    "Run": Answers.read_run,
    "RunState": Answers.read_run,
    "CreateRunFiles": Answers.run_files,
    "MarkRunFilesUploaded": Answers.nothing,
    "ArtifactType": Answers.artifact_type,
    "FetchArtifactDigestAlgorithm": Answers.digest_algorithm,
    "CreateArtifact": Answers.create_artifact,
    "CreateArtifactManifest": Answers.create_manifest,
    "UpdateArtifactManifest": Answers.update_manifest,
    "CreateArtifactFiles": Answers.create_files,
    "CommitArtifact": Answers.commit,
    "ArtifactByID": Answers.artifact_by_id,
    "FetchArtifactManifest": Answers.read_manifest,
    "ArtifactManifest": Answers.read_manifest,
    "ArtifactCreatedBy": Answers.logged_by,
    "UpdateArtifact": Answers.update_artifact,
    "DeleteArtifact": Answers.delete_artifact,
    "LinkArtifact": Answers.link,
    "UnlinkArtifact": Answers.unlink,
    "AddAliases": Answers.add_aliases,
    "DeleteAliases": Answers.delete_aliases,
    "IsProjectReadOnly": Answers.read_only,
    "ArtifactMembershipByName": Answers.membership_by_name,
    "FetchLinkedArtifacts": Answers.linked,
    "ProjectArtifacts": Answers.artifacts_of,
    "ProjectArtifactCollection": Answers.collection_of,
    "ArtifactCollectionAliases": Answers.collection_aliases,
    "UpdateArtifactPortfolio": Answers.update_portfolio,
    "GetArtifactMembershipFileUrls": Answers.files_of,
    "ArtifactMembershipFiles": Answers.files_of,
}
_CHANGES = (
    *("UpsertBucket", "CreateArtifact", "CreateArtifactManifest", "CreateArtifactFiles"),
    *("CommitArtifact", "UpdateArtifact", "DeleteArtifact", "LinkArtifact", "UnlinkArtifact"),
    *("AddAliases", "DeleteAliases", "UpdateArtifactPortfolio"),
)
_READS = _OPERATIONS.keys() - set(_CHANGES)


def parse_question(body: bytes) -> tuple[str, Variables]:
    """Give a question's operation and variables."""
    asked = json.loads(body)
    head = str(asked["query"]).partition("{")[0].partition("(")[0]
    words = [word for word in head.split() if not word.startswith("#")]
    return str(asked.get("operationName") or words[-1]), asked.get("variables") or {}
