# dev: cheap, quick to deploy, safe to lose.  terraform test -var-file=environments/dev.tfvars -filter=tests/dev.tftest.hcl

# Applied against a stand-in of the provider. The credentials are no ones: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "dev" {
  command = plan

  assert {
    condition     = output.table_name == "orders-api-dev-orders"
    error_message = "Names must bear the environment."
  }

  assert {
    condition     = alltrue([for t in module.table : !t.table.point_in_time_recovery[0].enabled && !t.table.deletion_protection_enabled])
    error_message = "dev is safe to lose, and must not pay for backups."
  }

  assert {
    condition     = module.deployment.group.deployment_config_name == "CodeDeployDefault.LambdaAllAtOnce"
    error_message = "dev deploys at once."
  }

  assert {
    condition     = length(module.waf) == 0 && length(module.concurrency) == 0 && length(module.network) == 0 && length(module.cache) == 0
    error_message = "dev must not pay for a firewall, warm instances or caches."
  }

  assert {
    condition     = module.function["api"].function.reserved_concurrent_executions == -1
    error_message = "A new account has too few instances to reserve any."
  }

  assert {
    condition     = module.function["fulfilment"].function.logging_config[0].application_log_level == "DEBUG"
    error_message = "dev logs everything."
  }

  assert {
    condition     = module.observability.sampling.fixed_rate == 1
    error_message = "dev traces every request."
  }
}
