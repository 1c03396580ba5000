"""Looks at an AWS account, without changing it, for what would stop a deployment half-way."""
