"""`README.txt` of a pack: how somebody checks it who has neither this program nor the registry."""

import shlex
from collections.abc import Sequence

from registry_assets.lifecycle.evidence_pack.gathering import Evidence
from registry_assets.lifecycle.evidence_pack.signed import Signature
from registry_assets.lifecycle.evidence_pack.stored import manifest_path

SUMS_FILE = "SHA256SUMS"
SIGNERS = "keys/allowed_signers"

_TEXT = """\
Evidence about {reference}
{line}

Made {made_at} by the registry {registry},
for whoever has to judge this version and cannot ask the registry. Begin with index.html;
index.json has the same for programs. What is not in here, and what nobody can tell from it,
stands under "Not known".

Every command below is typed in the folder into which this pack was unpacked. All of them come
with a Linux system that has OpenSSH.


1. Nothing was changed, and nothing is missing

    sha256sum --check --quiet {sums}

It says nothing where every file is as it was written. {sums} itself is not in the list: ask
whoever made the pack for the digest of the zip, which was shown to them.


2. Whose keys they are

Signatures are checked with the public keys in this pack: {signers} has those that count
now, each other allowed_signers those that counted then. They prove nothing if they came with a
forged pack. Compare them with a list that you have from elsewhere: from the people themselves,
or what `registry keys` printed for you earlier.


3. Who signed what

Each command ends with "Good ... signature for WHO"; the file after < is what was signed, and can
be read as it is. In it, "digest" and "subject" name the version, "evaluation" what was looked at.

{signatures}
4. What was signed is what is in here

    sha256sum {manifest}

prints the digest of {reference}, which statements name as their subject:
{digest}
An evaluation is named by the sha256 of its manifest.json, which in turn has the sha256 of the
page and the figures beside it. Each file in manifests/ has its own sha256 as its name, and names
the manifests that it was made from, down to the data.


5. The ledger has no holes

Each line of ledger.jsonl and ledger_of_registry.jsonl is an event. Its digest is the sha256 of
the line without the part "digest", and the next line names it as "previous". The first of model
{model} with its digest, and what its digest has to be:

    head -n 1 ledger.jsonl | grep -o '"digest":"sha256:[0-9a-f]*","kind"'
    head -n 1 ledger.jsonl | tr -d '\\n' \\
        | sed 's/\\(.*"chain":"[^"]*"\\),"digest":"[^"]*"/\\1/' | sha256sum

checkpoint.json says where each chain ended. The registry's own chain is in here whole, for one
with holes proves nothing; so it names other models and their data.


6. With this program

In the registry's project, this tells whether its past is still the one in here:

    registry verify --checkpoint checkpoint.json

{bring}"""


_HELD = """\
And this brings the version itself, and checks it with the keys alone:

    registry pull {model}@{pointer} DIR
    registry verify --offline DIR --trusted {signers}
"""
_NOT_HELD = """\
And this brings the version itself, every byte verified:

    registry pull {model}@{digest} DIR
"""


def readme(evidence: Evidence, signatures: Sequence[Signature]) -> str:
    """Write how a pack is checked, with a command for every signature in it."""
    reference, digest = evidence.version.reference, str(evidence.version.digest)
    title = f"Evidence about {reference}"
    held = evidence.pointer in {promotion.made.pointer for promotion in evidence.holding}
    names = {"model": evidence.model.name, "pointer": evidence.pointer, "digest": digest}
    return _TEXT.format(
        **names,
        bring=(_HELD if held else _NOT_HELD).format(**names, signers=SIGNERS),
        reference=reference,
        line="=" * len(title),
        made_at=f"{evidence.made_at[:16].replace('T', ' ')} UTC",
        registry=evidence.registry,
        sums=SUMS_FILE,
        signers=SIGNERS,
        signatures="".join(map(_command, signatures)) or "Nothing in here is signed.\n",
        manifest=manifest_path(digest),
    )


def _command(asked: Signature) -> str:
    signers, who, namespace, signature, signed = (
        shlex.quote(text)
        for text in (
            asked.signers, asked.principal, asked.namespace, asked.signature, asked.signed,
        )
    )  # fmt: skip
    return (
        f"    ssh-keygen -Y verify -f {signers} \\\n"
        f"        -I {who} -n {namespace} \\\n"
        f"        -s {signature} \\\n"
        f"        < {signed}\n\n"
    )
