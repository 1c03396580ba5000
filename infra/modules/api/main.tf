# The REST API, from its contract: what it answers, how it is deployed, what it logs, and how fast one may call it.

locals {
  security_policy = "SecurityPolicy_TLS13_1_2_2021_06"

  body = templatefile(var.contract_file, var.contract_values)

  # What `orders deploy` compares: each of these takes effect with a deployment of the API only.
  contract = sha256(jsonencode({ body = local.body, by_domain_only = var.domain != null, security_policy = local.security_policy }))

  access_log = {
    requestId          = "$context.requestId"
    extendedRequestId  = "$context.extendedRequestId"
    time               = "$context.requestTimeEpoch"
    ip                 = "$context.identity.sourceIp"
    userAgent          = "$context.identity.userAgent"
    method             = "$context.httpMethod"
    path               = "$context.path"
    resourcePath       = "$context.resourcePath"
    status             = "$context.status"
    latency            = "$context.responseLatency"
    integrationLatency = "$context.integrationLatency"
    responseLength     = "$context.responseLength"
    sub                = "$context.authorizer.claims.sub"
    apiKeyId           = "$context.identity.apiKeyId"
    errorMessage       = "$context.error.message"
    authorizerError    = "$context.authorizer.error"
    integrationError   = "$context.integration.error"
    wafStatus          = "$context.waf.status"
    xrayTraceId        = "$context.xrayTraceId"
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name = var.name
  body = local.body
  tags = { contract = local.contract }

  # What API Gateway would drop in silence stops the deployment.
  fail_on_warnings = true

  disable_execute_api_endpoint = var.domain != null

  # TLS 1.2 or 1.3. A regional API accepts TLS 1.0 unless told otherwise, and its own policy, not its domain's, is what
  # holds: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html
  security_policy      = local.security_policy
  endpoint_access_mode = "STRICT"

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The first one. `orders deploy` makes those of later contracts, because Terraform would delete the one before.
resource "aws_api_gateway_deployment" "first" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = local.contract

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [description]
  }
}

resource "aws_api_gateway_stage" "this" {
  #checkov:skip=CKV_AWS_120: the cache is a setting of each environment
  #checkov:skip=CKV2_AWS_29: the firewall is a setting of each environment, on in preprod and prod
  #checkov:skip=CKV2_AWS_51: callers prove themselves with a token; the integration is Lambda, which asks for no certificate
  rest_api_id           = aws_api_gateway_rest_api.this.id
  deployment_id         = aws_api_gateway_deployment.first.id
  stage_name            = var.stage
  xray_tracing_enabled  = true
  cache_cluster_enabled = var.cache != null
  cache_cluster_size    = one(var.cache[*].size_gb)

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = jsonencode(local.access_log)
  }

  depends_on = [aws_cloudwatch_log_group.execution] # else API Gateway makes it, and keeps it forever

  lifecycle {
    ignore_changes = [deployment_id] # `orders deploy` owns which one is served from here on
  }
}

resource "aws_api_gateway_method_settings" "all" {
  #checkov:skip=CKV_AWS_225: nothing is cached but what says so below
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = var.throttling.rate
    throttling_burst_limit = var.throttling.burst
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # would log bodies and tokens
    caching_enabled        = false
    cache_data_encrypted   = true
  }
}

resource "aws_api_gateway_method_settings" "cached" {
  count = var.cache == null ? 0 : 1

  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "${replace(local.cached_path, "/", "~1")}/GET"

  settings {
    throttling_rate_limit                      = var.throttling.rate
    throttling_burst_limit                     = var.throttling.burst
    metrics_enabled                            = true
    logging_level                              = "ERROR"
    data_trace_enabled                         = false
    caching_enabled                            = true
    cache_data_encrypted                       = true
    cache_ttl_in_seconds                       = var.cache.ttl_s
    require_authorization_for_cache_control    = true
    unauthorized_cache_control_header_strategy = "SUCCEED_WITHOUT_RESPONSE_HEADER"
  }

  lifecycle {
    precondition {
      condition     = length(setsubtract(local.cache_key_needed, local.cache_key)) == 0
      error_message = "The contract must key GET ${local.cached_path} in the cache by ${join(", ", local.cache_key_needed)}, or one caller would be shown another's order; it has: ${join(", ", local.cache_key)}. Add them to cacheKeyParameters, or leave the cache off."
    }
  }

  depends_on = [aws_api_gateway_method_settings.all]
}

# Only an order by its id is cached, and each caller has its own copy of it.
locals {
  cached_path      = "/v1/orders/{order_id}"
  cache_key_needed = ["method.request.path.order_id", "method.request.header.Authorization", "method.request.header.If-None-Match"]
  cache_key        = var.cache == null ? [] : try(jsondecode(file(var.contract_file)).paths[local.cached_path].get["x-amazon-apigateway-integration"].cacheKeyParameters, [])
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158: an own key is a setting of each environment; without it CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338: retention is a setting of each environment; a year of logs is not wanted in dev
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_group" "execution" {
  #checkov:skip=CKV_AWS_158: an own key is a setting of each environment; without it CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338: retention is a setting of each environment; a year of logs is not wanted in dev
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${var.stage}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_api_gateway_usage_plan" "this" {
  for_each = var.usage_plans

  name = "${var.name}-${each.key}"

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = each.value.rate
    burst_limit = each.value.burst
  }

  quota_settings {
    limit  = each.value.quota_per_day
    period = "DAY"
  }
}

locals {
  keys = merge([for plan, settings in var.usage_plans : { for key in settings.keys : "${plan}-${key}" => plan }]...)
}

resource "aws_api_gateway_api_key" "this" {
  for_each = local.keys

  name = "${var.name}-${each.key}"
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = local.keys

  usage_plan_id = aws_api_gateway_usage_plan.this[each.value].id
  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
}

resource "aws_api_gateway_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  domain_name              = var.domain.name
  regional_certificate_arn = var.domain.certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "this" {
  count = var.domain == null ? 0 : 1

  domain_name = aws_api_gateway_domain_name.this[0].domain_name
  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
}
