"""What is registered: SQL tables, their queries, and the ledger of every change to them."""
