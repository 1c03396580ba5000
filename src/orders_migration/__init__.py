"""Moves all orders, with their events and figures, between orders.db and DynamoDB tables."""
