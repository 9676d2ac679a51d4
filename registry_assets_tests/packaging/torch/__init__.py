"""Modules of PyTorch, in an environment of their own: run by `make torch-test`.

Its usual build is for GPUs and brings 4 GB, which no other test needs: `requirements-cuda.txt`.
Where a folder or an index that pip is told of offers the build for processors alone,
`requirements-cpu.txt` is enough.
"""
