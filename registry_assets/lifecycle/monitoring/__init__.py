"""What a deployment does after it was promoted: scored, measured, recorded, told.

rows        a partition's rows in batches
watched     the version that is watched, and what was promised of it
scoring     its predictions for a partition, with the profile of what it saw
drifting    that profile beside the one of its training
performing  what it predicted beside what happened
recording   all of it in one transaction, with the alerts that follow
"""
