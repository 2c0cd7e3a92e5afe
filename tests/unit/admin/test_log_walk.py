"""The envelopes that were sent: of a log that a real bus wrote."""
