"""Versions from the store alone: resolved, loaded, pulled and followed, with no catalog.

What a machine needs that only uses a model. A pointer file says which version a pointer
holds (`pointer_file`), it is refused where it is older than one seen before (`seen`), and
then come the manifest and the files, each verified (`versions`). Versions are loaded into
this process, and once more whenever the pointer moves (`following`); or written into a
folder (`pulling`), and kept current there (`folders`).

Nothing here imports the catalog, and nothing imports pandas or scikit-learn before a model
is loaded: to resolve a pointer takes a tenth of a second in a fresh process.
"""
