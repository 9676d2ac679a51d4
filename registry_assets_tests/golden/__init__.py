"""Registries that earlier releases wrote, opened by this one and found whole.

`schema_0001.tar.gz`: as the first release left it, without an index. 1 archived, 2 in
production, 3 failed, 4 rejected, 5 reserved; `credit:1` in staging.

`schema_0002.tar.gz`: the same, with an index, and things that people said.

`schema_0003.tar.gz`: the same, with a recall, a rollback and a policy under which somebody signed
version 2. The key that its attestations are signed with is of no other use.

`schema_0004.tar.gz`: the same, with observations of version 2, alerts, and letters about them.
"""
