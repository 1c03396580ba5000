# prod: protected, warm, watched.  terraform test -var-file=environments/prod.tfvars -var-file=tests/contacts.tfvars -filter=tests/prod.tftest.hcl

# Applied against a stand-in of the provider. The credentials are no ones: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "prod" {
  command = plan

  assert {
    condition     = output.table_name == "orders-api-prod-orders"
    error_message = "Names must bear the environment."
  }

  assert {
    condition     = alltrue([for t in module.table : t.table.point_in_time_recovery[0].enabled && t.table.deletion_protection_enabled])
    error_message = "prod's tables must be restorable, and refuse to be deleted."
  }

  assert {
    condition     = module.auth.user_pool.deletion_protection == "ACTIVE"
    error_message = "prod's users must not be lost to a replaced pool."
  }

  assert {
    condition     = module.deployment.group.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent15Minutes"
    error_message = "prod deploys to a tenth of the requests first."
  }

  assert {
    condition     = length(module.waf) == 1 && module.waf[0].rate_limit == 20000
    error_message = "prod is behind the firewall, which bounds each address."
  }

  assert {
    condition     = module.api.method_settings[0].settings[0].throttling_rate_limit == 1000 && module.api.method_settings[0].settings[0].throttling_burst_limit == 2000
    error_message = "prod accepts 1,000 requests a second."
  }

  assert {
    condition     = module.function["api"].function.reserved_concurrent_executions == 200 && module.concurrency[0].target.min_capacity == 2
    error_message = "prod has instances of its own, some of them warm."
  }

  assert {
    condition     = [for s in module.concurrency[0].schedules : s.scalable_target_action[0].max_capacity <= 200] == [true, true]
    error_message = "No schedule may warm more than the function may run."
  }

  assert {
    condition     = length(module.function["api"].function.snap_start) == 0
    error_message = "Python 3.11 has no snapshots, and warm instances exclude them."
  }

  assert {
    condition     = module.observability.alarms["api-concurrency"].threshold == 160
    error_message = "Someone must hear before the function has no instance left."
  }
}
