# preprod: prod in parts, dev in price.  terraform test -var-file=environments/preprod.tfvars -filter=tests/preprod.tftest.hcl

# Applied against a stand-in of the provider. The credentials are no ones: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "preprod" {
  command = plan

  assert {
    condition     = output.table_name == "orders-api-preprod-orders"
    error_message = "Names must bear the environment."
  }

  assert {
    condition     = alltrue([for t in module.table : !t.table.point_in_time_recovery[0].enabled && !t.table.deletion_protection_enabled])
    error_message = "preprod holds no orders of customers: no backups, and it can be taken down."
  }

  assert {
    condition     = module.deployment.group.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent15Minutes" && length(module.waf) == 1 && length(module.concurrency) == 1
    error_message = "preprod must rehearse prod's deployment, with warm instances, behind the same firewall."
  }

  assert {
    condition     = module.api.method_settings[0].settings[0].throttling_rate_limit == 250
    error_message = "preprod is prod's twin at small size."
  }
}
