"""Measuring the bus.  Run with ``make bench``; see bench/README.md."""
