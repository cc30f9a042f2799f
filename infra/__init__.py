"""What sets the app up in Azure; none of it is deployed with it."""
