"""Lambda functions behind the orders table's stream: history, the event bus, webhooks, and two samples."""
