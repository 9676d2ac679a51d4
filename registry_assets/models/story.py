"""What happened on which day of the main job, and of its long form, the year."""

from datetime import UTC, datetime

from registry_assets.models.chapter import Chapter

FLIGHTS, LOANS = "flight_delay", "loan_approval"
MONTHS = ("2013-01", "2013-02", "2013-03", "2013-04")
NEXT_MONTH = "2013-05"

# Forty times too fast: each tree overshoots what the trees before it got wrong. Of the poor
# settings tried it is the one that no reading of the gates could let through.
POOR = {"learning_rate": 2.0}


STORY = (
    Chapter(
        datetime(2013, 5, 1, 10, tzinfo=UTC),
        "1 May 2013: January to April have arrived",
        FLIGHTS,
        reason="first version",
        partitions=MONTHS,
    ),
    Chapter(
        datetime(2013, 6, 1, 10, tzinfo=UTC),
        "1 June 2013: May has arrived",
        FLIGHTS,
        reason="one month more of data",
        partitions=(NEXT_MONTH,),
    ),
    Chapter(
        datetime(2013, 6, 12, 15, tzinfo=UTC),
        "12 June 2013: someone tries a learning rate forty times as high",
        FLIGHTS,
        reason="deliberately poor parameters, to see the gates hold them",
        params=POOR,
    ),
    Chapter(
        datetime(2013, 6, 14, 9, tzinfo=UTC),
        "14 June 2013: a high-risk model, loan approval",
        LOANS,
        reason="first version",
    ),
)

_FIRST_OF = {
    "June": "July 2013",
    "July": "August 2013",
    "August": "September 2013",
    "September": "October 2013",
    "October": "November 2013",
    "November": "December 2013",
    "December": "January 2014",
}
YEAR = (
    *STORY,
    *(
        Chapter(
            datetime(2013 + at // 12, at % 12 + 1, 1, 10, tzinfo=UTC),
            f"1 {_FIRST_OF[name]}: {name} has arrived",
            FLIGHTS,
            reason=f"{name} has arrived",
            partitions=(f"2013-{at:02d}",),
        )
        for at, name in enumerate(_FIRST_OF, start=6)
    ),
)
"""The whole of 2013: each month is scored by what is deployed, and then one version more is asked
for, as the schedule of the declaration does."""
