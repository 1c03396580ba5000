"""Orders, events and daily figures in DynamoDB."""
