"""Programs behind `make` targets."""
