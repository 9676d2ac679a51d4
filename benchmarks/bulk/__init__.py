"""Fills a catalog with many versions, as rows that `registry verify` finds nothing against.

Going through the product one version at a time would take an hour for 100,000. `forms`
writes canonical JSON of one shape fast, `rows` says what the rows and events of a version
are, `sink` puts rows into SQLite and PostgreSQL, `loading` does it all.
"""
