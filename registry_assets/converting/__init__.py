"""Versions of this registry, written as something else: for MLflow, as ONNX, for Hugging Face,
as an OCI artifact.

`contents` reads a version whole and verified, `targets` writes it as one of the others. Nothing
that is written replaces the version: it carries the version's digest, and the registry stays
what decides. The catalog is not asked. MLflow and ONNX are imported where one of them is
written, and by nothing else.
"""
