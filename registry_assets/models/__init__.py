"""Declarations shipped with the product; their data is in the extra `examples`."""
