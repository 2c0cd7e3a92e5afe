"""Three agencies' own systems: SOAP services on SQLite that know nothing of the bus, each in a process of its own."""
