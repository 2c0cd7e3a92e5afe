"""Measuring the bus: `esb bench`.  How to read what it says: bench/README.md."""
