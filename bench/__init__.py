"""What the product costs to run, measured beside what else would do. ``python -m bench``."""
