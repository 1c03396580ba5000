"""Real parts for the tests: how each is got, started on a free port, shared between workers and stopped."""
