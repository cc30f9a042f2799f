"""Sets the app up in Azure; nothing in here is deployed with it."""
