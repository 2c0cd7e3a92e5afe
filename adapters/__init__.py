"""How to speak to a provider.  Each adapter delivers an envelope once and gives back the provider's."""
