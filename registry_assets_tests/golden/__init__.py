"""Registries that earlier releases wrote, opened by this one and found whole.

`schema_0001.tar.gz`: as the first release left it, without an index. 1 archived, 2 in
production, 3 failed, 4 rejected, 5 reserved; `credit:1` in staging.
"""
