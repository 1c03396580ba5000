# Stands in for the addresses that an environment with require_contacts waits for.
alarm_emails = ["operator@example.com"]
budget       = { monthly_usd = 200, emails = ["operator@example.com"] }
email        = { sender = "orders@example.com", identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/example.com" }
