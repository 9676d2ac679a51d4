"""What goes on between this registry and others: publish, observe, repair, adopt.

Our pointer is what counts. None of these steps moves or holds one, and none is part of a
promotion: what is to go out is found in the catalog afterwards, however long that takes.
"""
