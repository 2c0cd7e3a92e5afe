"""Pure decisions about where a message goes and whether it may: no I/O, no clock of their own."""
