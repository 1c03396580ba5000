# dev: cheap, quick to deploy, safe to lose. Everything not named here is the default of variables.tf.
environment         = "dev"
log_level           = "DEBUG"
deployment_strategy = "all_at_once"
trace_rate          = 1

throttling = { rate = 50, burst = 100 }

# budget = { monthly_usd = 10, emails = ["you@example.com"] }
