"""The national month: February 2015 of the national portal, replayed through a real bus as signed exchanges."""
