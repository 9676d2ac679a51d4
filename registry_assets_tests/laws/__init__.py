"""The promises, held on every pair of a catalog and a store."""
