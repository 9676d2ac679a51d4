"""What a version is worth on its holdout: numbers with intervals, and pictures of them.

    metrics     the names a declaration may use; imports nothing heavy
    results     the frozen values an evaluation consists of, and their JSON
    scoring     the metrics' arithmetic, over many weightings of the rows at once
    bootstrap   intervals, of one model and of the difference between two
    slices      the same numbers for each value of a column
    comparison  a candidate beside what a pointer holds, on the same rows
    curves      ROC and calibration as tables
    plots       ROC and calibration as pictures
    suite       all of it, in one call

Nothing here decides: gates (`registry_assets.declaration.gates`) judge these numbers. No
data raises: what cannot be computed is an estimate that is undefined and says why.
"""
