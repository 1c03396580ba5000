"""What an order is and what the API answers: a function from an API Gateway event to a response; no I/O."""
