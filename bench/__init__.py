"""The costs of running the product, next to those of alternatives. ``python -m bench``."""
