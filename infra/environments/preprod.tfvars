# preprod: prod's twin at small size. It differs from prod in figures, and in what protects real orders.
environment = "preprod"

throttling = { rate = 250, burst = 500 }
waf        = { requests_per_5_minutes = 20000 }

own_key                = true
point_in_time_recovery = false
log_retention_days     = 30
event_archive_days     = 14
trace_rate             = 0.2

provisioned_concurrency = { minimum = 1, maximum = 2 }

# budget       = { monthly_usd = 50, emails = ["you@example.com"] }
# alarm_emails = ["you@example.com"]
