"""The way of a message: one verb a file, and the two tuples that are its order.

The tuples themselves stand in ``esb/stages/order.py``; ``esb/bus.py`` walks them and does nothing else with a message.
Each stage takes the type that the one before it returns (``esb/kernel/message.py``), which a test checks.
"""
