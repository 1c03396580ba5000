"""The one-machine host: an embedded gateway and user pool around the same application."""
