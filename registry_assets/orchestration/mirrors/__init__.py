"""The registries that a model is published to, as assets beside its pointers.

Downstream of them and of no consequence to them: a run that publishes is launched after the
pointer has moved, and its failure is its own.
"""
