"""Profiles: what a table looks like, column by column, small enough to be kept with a version.

ordering    numbers as whole numbers, in the same order
cells       how many numbers lie where, on a grid
labels      how many rows have each text
columns     one column: what is missing, and how its values are distributed
table       all columns: merged, stored, compared
reading     columns of Arrow and pandas
building    one pass over a table
groups      the same, by the values of a column
storing     bytes and back
"""

from registry_assets.monitoring.profile.building import profile_of
from registry_assets.monitoring.profile.columns import ColumnProfile
from registry_assets.monitoring.profile.groups import Groups, profiles_by
from registry_assets.monitoring.profile.table import Profile

__all__ = ["ColumnProfile", "Groups", "Profile", "profile_of", "profiles_by"]
