"""Webhooks per the Standard Webhooks specification: what both hosts share.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""
