# prod
environment = "prod"

throttling   = { rate = 1000, burst = 2000 }
waf          = { requests_per_5_minutes = 20000 }
api_function = { reserved_concurrency = 200 }

own_key                = true
point_in_time_recovery = true
deletion_protection    = true
log_retention_days     = 90
event_archive_days     = 90
trace_rate             = 0.05

provisioned_concurrency = {
  minimum = 2
  maximum = 20
  schedules = {
    morning = { schedule = "cron(30 7 ? * MON-FRI *)", minimum = 5, maximum = 50 }
    evening = { schedule = "cron(0 21 ? * MON-FRI *)", minimum = 2, maximum = 20 }
  }
}

# Refuses to plan until the addresses and the sender below are yours.
require_contacts = true

# budget       = { monthly_usd = 200, emails = ["you@example.com"] }
# alarm_emails = ["you@example.com"]
# email        = { sender = "orders@example.com", identity_arn = "arn:aws:ses:eu-west-1:…:identity/example.com" }

# With domains of your own:
# api_domain        = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:…" }
# console_domain    = { name = "console.example.com", certificate_arn = "arn:aws:acm:us-east-1:…" }
# cors_allow_origin = "https://console.example.com"
