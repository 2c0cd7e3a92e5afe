"""The national sample: the agencies, systems and services of a real month as a registry that anybody can load."""
