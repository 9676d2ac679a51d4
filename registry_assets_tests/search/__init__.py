"""Search, held against a plain reading of every row, on both databases."""
