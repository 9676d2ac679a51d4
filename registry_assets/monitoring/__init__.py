"""What becomes of a model after it was deployed: values and judgements, no input or output.

profile    what a table looks like, column by column
drift      how far one profile is from another, and whether that is more than chance
quality, freshness, decay    judges of rows, of their age, and of what a model is worth on them
results    what was found, as values and as JSON
"""
