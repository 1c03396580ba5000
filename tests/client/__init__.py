"""The typed client and the Postman collection."""
