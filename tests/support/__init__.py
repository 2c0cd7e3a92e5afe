"""What whole-bus tests stand on: a reactor in a thread, a provider that is a real HTTP server, clients that sign."""
