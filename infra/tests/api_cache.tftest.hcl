# The response cache must never show one caller another's order.  terraform test -filter=tests/api_cache.tftest.hcl

provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

variables {
  name               = "orders-api-dev"
  stage              = "dev"
  alias              = { function_name = "orders-api-dev-api", name = "live" }
  throttling         = { rate = 50, burst = 100 }
  usage_plans        = {}
  log_retention_days = 1
  contract_values    = { title = "", region = "", lambda_invoke_arn = "", user_pool_arn = "", cors_allow_origin = "" }
  cache              = { size_gb = "0.5", ttl_s = 60 }
}

run "keyed_by_caller" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    contract_file = "../dist/openapi.gateway.json"
  }

  assert {
    condition     = aws_api_gateway_method_settings.cached[0].settings[0].require_authorization_for_cache_control
    error_message = "Not everyone may empty the cache."
  }
}

run "not_keyed_by_caller" {
  command = plan

  module {
    source = "./modules/api"
  }

  variables {
    contract_file = "tests/fixtures/cached-for-everyone.json"
  }

  expect_failures = [aws_api_gateway_method_settings.cached]
}
