"""The doors: what stands behind each URL of the bus."""
