# Settings that no environment has switched on.  terraform test -var-file=environments/dev.tfvars -filter=tests/variants.tftest.hcl

# Applied against a stand-in of the provider. The credentials are no ones: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "newer_python_starts_from_a_snapshot" {
  command = plan

  variables {
    python_runtime = "python3.13"
  }

  assert {
    condition     = module.function["api"].function.snap_start[0].apply_on == "PublishedVersions" && module.function["api"].function.runtime == "python3.13"
    error_message = "The API must start from a snapshot where the runtime has it."
  }

  assert {
    condition     = alltrue([for name, f in module.function : length(f.function.snap_start) == 0 if name != "api"])
    error_message = "Nobody waits for the other functions: they must not pay for snapshots."
  }
}

run "warm_instances_exclude_snapshots" {
  command = plan

  variables {
    python_runtime          = "python3.13"
    provisioned_concurrency = { minimum = 1, maximum = 5 }
  }

  assert {
    condition     = length(module.function["api"].function.snap_start) == 0 && module.concurrency[0].target.max_capacity == 5
    error_message = "Lambda refuses snapshots together with provisioned concurrency."
  }
}

run "valkey" {
  variables {
    valkey = {}
  }

  assert {
    condition     = startswith(module.function["api"].function.environment[0].variables.CACHE_URL, "rediss://")
    error_message = "The API must be told where the cache is, and speak TLS to it."
  }

  assert {
    condition     = module.function["api"].function.vpc_config[0].security_group_ids == toset([module.network[0].function.security_group_id]) && length(module.function["stream"].function.vpc_config) == 0
    error_message = "The API function, and no other, joins the cache's network."
  }

  assert {
    condition     = module.network[0].function.security_group_id != module.network[0].cache.security_group_id
    error_message = "Function and cache are two groups: only the one may call the other."
  }

  assert {
    condition     = !can(module.function["api"].function.environment[0].variables.DAX_ENDPOINT)
    error_message = "One cache does not bring the other."
  }
}

run "dax" {
  variables {
    dax = { nodes = 3 }
  }

  assert {
    condition     = startswith(module.function["api"].function.environment[0].variables.DAX_ENDPOINT, "daxs://")
    error_message = "The API must be told where DAX is, and speak TLS to it."
  }

  assert {
    condition     = [for s in jsondecode(module.function["api"].policy).Statement : s.Resource if s.Sid == "AskDax"] == [module.cache[0].dax_arn]
    error_message = "The API may ask this cluster, and no other."
  }
}

run "api_cache" {
  command = plan

  variables {
    api_cache = { size_gb = "0.5", ttl_s = 30 }
  }

  assert {
    condition     = module.api.stage.cache_cluster_enabled && module.api.stage.cache_cluster_size == "0.5"
    error_message = "The stage must have a cache."
  }

  assert {
    condition     = [for m in module.api.method_settings : m.method_path if m.settings[0].caching_enabled] == ["~1v1~1orders~1{order_id}/GET"]
    error_message = "Only GET of one order may be cached."
  }

  assert {
    condition     = alltrue([for m in module.api.method_settings : m.settings[0].cache_data_encrypted])
    error_message = "What is cached must be encrypted."
  }
}

run "domains" {
  command = plan

  variables {
    api_domain     = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
    console_domain = { name = "console.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/2" }
  }

  assert {
    condition     = output.api_url == "https://api.example.com" && output.console_url == "https://console.example.com"
    error_message = "Clients must be told the domains."
  }

  assert {
    condition     = module.api.domain.security_policy == "TLS_1_2" && module.console.distribution.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Both domains must refuse anything older than TLS 1.2."
  }

  assert {
    condition     = module.api.api.disable_execute_api_endpoint
    error_message = "There must be no way around the domain."
  }
}

run "email" {
  command = plan

  variables {
    email = { sender = "orders@example.com", identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/example.com" }
  }

  assert {
    condition     = module.auth.user_pool.email_configuration[0].from_email_address == "orders@example.com" && module.function["notifications"].function.environment[0].variables.EMAIL_SENDER == "orders@example.com"
    error_message = "Cognito and the notifications must write from the verified address."
  }
}

run "budget" {
  command = plan

  variables {
    budget = { monthly_usd = 10, emails = ["you@example.com"] }
  }

  assert {
    condition     = module.observability.budget.limit_amount == "10" && length(module.observability.budget.notification) == 2
    error_message = "Someone must hear of the bill before it is due."
  }
}

run "a_key_is_rotated_by_having_two" {
  command = plan

  variables {
    usage_plans = {
      basic   = { rate = 50, burst = 100, quota_per_day = 1000, keys = ["default", "console", "2027"] }
      premium = { rate = 250, burst = 500, quota_per_day = 1000, keys = ["default"] }
    }
  }

  assert {
    condition     = length(output.api_key_ids) == 4 && contains(keys(output.api_key_ids), "basic-2027")
    error_message = "A new label must make a new key beside the old ones."
  }
}
