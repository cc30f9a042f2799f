"""The made-up tenants: who is there, what happens, and what the figures must be."""
