"""What an evaluation says about its data: where the holdout is no fair, or no similar, test.

    pairs      the same column of two frames, brought to comparable values
    sampling   rows drawn by their content, not by where they stand
    leakage    rows that training has seen, and columns that tell the outcome
    drift      how far each column's distribution has moved
    columns    missing, infinite and unseen values; columns that are not as recorded
    balance    the target in both
    examining  all of it, in one call

Pure functions over frames. Which snapshots the frames come from is `lifecycle`; the values
are `registry_assets.evaluation.results.data`. No data raises: what cannot be said has a
reason instead.
"""
