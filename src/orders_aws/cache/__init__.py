"""A cache of orders in Redis or Valkey, in front of another store."""
