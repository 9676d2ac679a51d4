"""What a sink sends of an occasion, each in the form that its readers have.

    words         the pieces: headline, what moved, what to do, what it was made from
    text          for people, 72 columns
    mail          text and HTML in one message
    slack         blocks of text
    cloud_events  CloudEvents 1.0, in structured mode
    pagerduty     events of PagerDuty's API v2

Every text of a user's is escaped for where it goes, by what writes it there.
"""
