"""The means for faults of the place: processes that can be killed, journals that outlive them, and a checker."""
