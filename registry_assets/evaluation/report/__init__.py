"""What a person reads of an evaluation: pages made from the rows and the results.

    page              an evaluation, as one HTML file
    card              a version: Markdown that Hugging Face reads, and HTML
    values            whose evaluation, and which version, these are about
    remarks           what a reader should not miss
    pictures, scales, speeds, texts   pieces that are shown
    blocks, markdown, card_sections   the card as a document, before it is written
    rendering         templates into HTML
    evidently_report  Evidently's own page: model quality and data drift
    evidently_rows    the rows in the form that Evidently accepts
    evidently_page    its widgets as one HTML file

Nothing here computes a number of the registry's own.
"""
