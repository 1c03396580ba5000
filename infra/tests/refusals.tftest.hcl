# Values that are refused before anything is planned.  terraform test -var-file=environments/dev.tfvars -filter=tests/refusals.tftest.hcl

# The credentials are no one's: nothing here is ever made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "words_that_are_not_known" {
  command = plan

  variables {
    environment          = "staging"
    region               = "Ireland"
    cognito_feature_plan = "PRO"
    mfa                  = "SOMETIMES"
    python_runtime       = "python3.10"
    log_level            = "TRACE"
    deployment_strategy  = "linear"
    dax                  = { node_type = "r5.large" }
    cors_allow_origin    = "https://console.example.com/"
    network_cidr         = "8.8.8.0/24"
    alarm_emails         = ["nobody"]
    email                = { sender = "orders@example.com", identity_arn = "example.com" }
  }

  expect_failures = [
    var.environment,
    var.region,
    var.cognito_feature_plan,
    var.mfa,
    var.python_runtime,
    var.log_level,
    var.deployment_strategy,
    var.dax,
    var.cors_allow_origin,
    var.network_cidr,
    var.alarm_emails,
    var.email,
  ]
}

run "network_too_small_for_two_subnets" {
  command = plan

  variables {
    network_cidr = "10.40.0.0/29"
  }

  expect_failures = [var.network_cidr]
}

run "files_that_are_not_built" {
  command = plan

  variables {
    artefact_file     = "../dist/not-built.zip"
    openapi_body_file = "../dist/not-rendered.json"
  }

  expect_failures = [
    var.artefact_file,
    var.openapi_body_file,
  ]
}

run "certificates_of_another_region" {
  command = plan

  variables {
    api_domain     = { name = "api.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    console_domain = { name = "console.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
  }

  expect_failures = [
    var.api_domain,
    var.console_domain,
  ]
}

run "figures_that_are_too_small" {
  command = plan

  variables {
    throttling         = { rate = 0, burst = 50 }
    api_cache          = { size_gb = "0.5", ttl_s = 0 }
    waf                = { requests_per_5_minutes = 1 }
    api_function       = { memory_mb = 64 }
    consumer_function  = { at_once = 1 }
    valkey             = { max_gb = 0 }
    event_archive_days = 0
    event_epoch        = 1.5
    log_retention_days = 0
    alarm_thresholds   = { api_5xx_share = 0 }
    trace_rate         = -1
    budget             = { monthly_usd = 10, emails = [] }
    usage_plans = {
      basic   = { rate = 0, burst = 100, quota_per_day = 1000, keys = ["console"] }
      premium = { rate = 250, burst = 500, quota_per_day = 1000, keys = ["default"] }
    }
  }

  expect_failures = [
    var.throttling,
    var.api_cache,
    var.waf,
    var.api_function,
    var.consumer_function,
    var.valkey,
    var.event_archive_days,
    var.event_epoch,
    var.log_retention_days,
    var.alarm_thresholds,
    var.trace_rate,
    var.budget,
    var.usage_plans,
  ]
}

run "figures_that_are_too_large_or_do_not_exist" {
  command = plan

  variables {
    throttling         = { rate = 100, burst = 50 }
    api_cache          = { size_gb = "2", ttl_s = 60 }
    api_function       = { timeout_s = 30 }
    consumer_function  = { timeout_s = 901 }
    log_retention_days = 10
    alarm_thresholds   = { api_5xx_share = 5 }
    trace_rate         = 5
    dax                = { nodes = 12 }
  }

  expect_failures = [
    var.throttling,
    var.api_cache,
    var.api_function,
    var.consumer_function,
    var.log_retention_days,
    var.alarm_thresholds,
    var.trace_rate,
    var.dax,
  ]
}

run "nobody_would_hear_of_anything" {
  command = plan

  variables {
    require_contacts = true
    alarm_emails     = []
    budget           = null
    email            = null
  }

  expect_failures = [var.require_contacts]
}

run "no_instance_at_all" {
  command = plan

  variables {
    api_function = { reserved_concurrency = 0 }
  }

  expect_failures = [
    var.api_function,
  ]
}

run "a_usage_plan_is_missing" {
  command = plan

  variables {
    usage_plans = { basic = { rate = 50, burst = 100, quota_per_day = 1000, keys = ["console"] } }
  }

  expect_failures = [
    var.usage_plans,
  ]
}

run "the_console_has_no_key" {
  command = plan

  variables {
    usage_plans = {
      basic   = { rate = 50, burst = 100, quota_per_day = 1000, keys = ["default"] }
      premium = { rate = 250, burst = 500, quota_per_day = 1000, keys = ["default"] }
    }
  }

  expect_failures = [
    var.usage_plans,
  ]
}

run "none_warm_at_least" {
  command = plan

  variables {
    provisioned_concurrency = { minimum = 0, maximum = 1 }
  }

  expect_failures = [
    var.provisioned_concurrency,
  ]
}

run "utilization_as_a_percentage" {
  command = plan

  variables {
    provisioned_concurrency = { minimum = 1, maximum = 2, target_utilization = 70 }
  }

  expect_failures = [
    var.provisioned_concurrency,
  ]
}

run "fewer_warm_at_most_than_at_least" {
  command = plan

  variables {
    provisioned_concurrency = { minimum = 5, maximum = 1 }
  }

  expect_failures = [
    var.provisioned_concurrency,
  ]
}

run "more_warm_than_may_run" {
  command = plan

  variables {
    api_function            = { reserved_concurrency = 10 }
    provisioned_concurrency = { minimum = 1, maximum = 20 }
  }

  expect_failures = [
    var.provisioned_concurrency,
  ]
}

run "a_schedule_warms_more_than_may_run" {
  command = plan

  variables {
    api_function = { reserved_concurrency = 10 }
    provisioned_concurrency = {
      minimum   = 1
      maximum   = 5
      schedules = { morning = { schedule = "cron(0 8 ? * MON-FRI *)", minimum = 5, maximum = 20 } }
    }
  }

  expect_failures = [
    var.provisioned_concurrency,
  ]
}

