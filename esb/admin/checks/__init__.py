"""Checks that run by themselves on a service that applies for connection; ``order.py`` is their order."""
