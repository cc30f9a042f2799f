"""Whether a deployment works, end to end: nothing that is stored changes by it."""
