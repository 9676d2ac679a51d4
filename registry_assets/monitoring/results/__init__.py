"""What monitoring finds, as values with JSON: drift, quality and performance.

Only values: reading a stored observation needs no numeric library.
"""
