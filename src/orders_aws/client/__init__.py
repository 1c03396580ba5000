"""Calls AWS services: signed, retried, over connections that stay open; without an SDK."""
