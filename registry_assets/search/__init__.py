"""Search: a small filter language over models, versions and evaluations.

    filters     what a filter says, as values
    parsing     from text to these values; `grammar.lark` is the language
    fields      what can be asked about each entity
    patterns    what an index can find of a `like`
    conditions  from values to what stands in which column or index
    questions   a filter and an order, read and bound
    planning    which index leads, and what is tested on the way
    dialects    the same statements for SQLite and PostgreSQL
    statements  the SQL of a plan
    finding     the plan carried out, page by page
    naming      names that nothing has, or has as another type
    cursors     where a page ended
    records     what is found

It reads the index that `catalog.indexing` keeps, and nothing else.
"""
