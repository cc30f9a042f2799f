"""The Graph that keeps the documented rules: paging, filters, throttling, faults."""
