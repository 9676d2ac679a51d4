"""Migrate: a model of another kind of registry comes in with its history, and nothing of it runs.

Nothing that comes is a version to be promoted: whoever wants one registers its estimator anew.
"""
