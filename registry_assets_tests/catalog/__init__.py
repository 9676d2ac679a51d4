"""The catalog: tables, changes and the ledger of them."""
