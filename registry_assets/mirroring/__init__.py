"""Other registries that versions and pointers are published to: what every one can do, and each.

Nothing here knows the catalog. What is to go out is given, and what stands there is given back.
"""
