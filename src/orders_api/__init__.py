"""The order application: a function from an API Gateway proxy event to a proxy response."""
