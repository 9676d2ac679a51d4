"""What Dagster shows of a deployment: predictions, drift, performance, their checks, alerts.

building   all that one watched model needs
assets     `<model>/predictions`, `<model>/drift`, `<model>/performance`
views      one observation, as it is shown
rules      what each check asks for, as its description says it
checks     what is declared of them, and the results, from the same list
freshness  the check that asks for data that did not come
jobs       what watches a partition, and what looks at the clock
sensor     what has both done
alerts     the sensor and the job by which people are told, of all models
events     what is missing in Dagster's log, made again
"""
