"""The ledger, told as events of OpenLineage to whoever REGISTRY_OPENLINEAGE names.

`translating` says what an event of the ledger is in OpenLineage's words, `emitting` sends what was
not sent yet. It is read from the ledger afterwards, by nobody who trains, evaluates or promotes: a
receiver that is down delays none of them and misses nothing.
"""
