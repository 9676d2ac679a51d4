"""Amazon SageMaker's model registry as a mirror: model package groups, and what they serve.

A model package group is a registered model, a model package is a version. There are no pointers
there: what production holds is the one version that is Approved (`pointers`).
"""
