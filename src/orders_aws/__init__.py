"""The deployment on AWS: Lambda entry points, DynamoDB, the cache, and the consumers of events."""
