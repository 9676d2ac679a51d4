"""What a version is worth on its holdout: numbers with intervals, and pictures of them.

    results      the frozen values an evaluation consists of, and their JSON
    scored       outcomes and predictions as arrays
    resampling   which rows are drawn together, and how often
    mixing       sorting by content instead of position
    metrics/     the metrics' arithmetic, over all resamples at once
    estimating   metrics with intervals, of one model and of the difference between two
    slices       the same numbers on some of the rows
    weak/        slices that nobody named
    fairness     the groups of a sensitive column
    comparison   a candidate beside what a pointer holds, on the same rows
    changes      the decisions that change
    curves       ROC, calibration, confusion, residuals as tables
    plots/       the same as pictures
    data/        leakage, drift, missing values, balance
    speed        latency and size of packages, in fresh processes
    timings      what was timed there, and the ratios of two
    report/      pages for people
    suite        all that is computed on predictions, in one call

Nothing here decides: gates (`registry_assets.declaration.gates`) judge these numbers. No
data raises: what cannot be computed is an estimate that is undefined and says why.
"""
