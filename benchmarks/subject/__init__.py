"""The model that is measured: a user's own modules, which are packaged with each version."""
