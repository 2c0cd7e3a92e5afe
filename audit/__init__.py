"""The evidence log: what was asked, answered and refused, durable before the act that follows."""
