"""Several processes as one bus: a supervisor that holds the port, and workers that it starts, replaces and renews."""
