"""What runs while a new version takes over."""
