"""History that leaves a registry and comes into another: export, import, backup, restore.

All four speak one format, of which `layout.py` knows the names: `targets.py` writes it, as a
folder or a tar, `sources.py` reads it and believes nothing, `rows.py` is the catalog's rows
and events as lines of JSON. `exporting.py` makes one. `checking.py` holds one against itself
before anything is taken from it: by `importing.py` into a registry that goes on under its own
name, by `restoring.py` as the very registry that was backed up.
"""
