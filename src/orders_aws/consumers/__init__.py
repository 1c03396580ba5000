"""What happens to an order, told to whoever wants to know."""
