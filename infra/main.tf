# Orders API on AWS, in the order of the architecture diagram: client, gateway, authorizer, function, table,
# and what stands beside them.

locals {
  name   = "orders-api-${var.environment}"
  cached = var.valkey != null || var.dax != null

  # Every role stays below this line, which infra/bootstrap draws.
  boundary_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/${local.name}-boundary"

  own_key_arn = var.own_key ? module.key.key.arn : null
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

# --- Client ---

module "console" {
  source = "./modules/console"

  name          = local.name
  source_dir    = var.console_dir
  contract_file = "${path.root}/../openapi.yaml"
  domain        = var.console_domain
  connects_to   = [for url in [module.api.url, local.cognito_url] : regex("^https://[^/]+", url)]
  config = {
    environment  = var.environment
    region       = var.region
    store        = "dynamodb"
    api_url      = module.api.url
    api_key      = module.api.keys["basic-console"]
    cognito_url  = local.cognito_url
    user_pool_id = module.auth.user_pool.id
    client_id    = module.auth.client.id
  }
}

# --- API Gateway (REST) ---

module "waf" {
  source = "./modules/waf"
  count  = var.waf == null ? 0 : 1

  name                   = local.name
  stage_arn              = module.api.stage.arn
  requests_per_5_minutes = var.waf.requests_per_5_minutes
  log_retention_days     = var.log_retention_days
  kms_key_arn            = local.own_key_arn
}

module "api" {
  source = "./modules/api"

  name  = local.name
  stage = var.environment
  alias = module.deployment.alias

  contract_file = var.openapi_body_file
  contract_values = {
    title             = local.name
    region            = var.region
    lambda_invoke_arn = module.deployment.alias.invoke_arn
    user_pool_arn     = module.auth.user_pool.arn
    cors_allow_origin = var.cors_allow_origin
  }

  throttling         = var.throttling
  usage_plans        = var.usage_plans
  cache              = var.api_cache
  domain             = var.api_domain
  log_retention_days = var.log_retention_days
  kms_key_arn        = local.own_key_arn
}

# --- Cognito JWT authorizer ---

locals {
  cognito_url = "https://cognito-idp.${var.region}.amazonaws.com"
}

module "auth" {
  source = "./modules/auth"

  name                = local.name
  domain_prefix       = "${local.name}-${data.aws_caller_identity.current.account_id}"
  feature_plan        = var.cognito_feature_plan
  mfa                 = var.mfa
  deletion_protection = var.deletion_protection
  email               = var.email
}

# --- Lambda ---

locals {
  runtime_has_snap_start = tonumber(split(".", var.python_runtime)[1]) >= 12
  consumer               = { memory_mb = var.consumer_function.memory_mb, timeout_s = var.consumer_function.timeout_s }

  # One artefact, six entry points.
  functions = {
    api = merge(var.api_function, {
      description = "Answers the API"
      handler     = "orders_aws.handler.handler"
      environment = {
        CORS_ALLOW_ORIGIN = var.cors_allow_origin
        CACHE_URL         = one(module.cache[*].valkey_url)
        DAX_ENDPOINT      = one(module.cache[*].dax_endpoint)
        USER_POOL_ID      = module.auth.user_pool.id
      }
    })
    stream = merge(local.consumer, {
      description = "Publishes changes of the table, keeps each order's history and the daily figures"
      handler     = "orders_aws.consumers.stream.handler"
      environment = {
        EVENT_BUS             = local.name
        EVENT_EPOCH           = tostring(var.event_epoch)
        UNPUBLISHED_QUEUE_URL = module.events.dead_letters["unpublished"].url
      }
    })
    fulfilment = merge(local.consumer, {
      description = "Sample consumer: hands orders to the warehouse, each once"
      handler     = "orders_aws.consumers.fulfilment.handler"
      environment = {}
    })
    notifications = merge(local.consumer, {
      description = "Writes to customers"
      handler     = "orders_aws.consumers.notifications.handler"
      environment = {
        USER_POOL_ID = module.auth.user_pool.id
        EMAIL_SENDER = one(var.email[*].sender)
      }
    })
    webhooks = merge(local.consumer, {
      description = "Delivers events to subscribers outside"
      handler     = "orders_aws.consumers.webhooks.handler"
      environment = { WEBHOOKS_QUEUE_URL = module.events.queues["webhooks"].url }
    })
    smoke = merge(local.consumer, {
      description = "Tests a new version of the API before it gets traffic"
      handler     = "orders_aws.smoke_test.handler"
      environment = { API_FUNCTION = local.function_names.api }
    })
  }

  optional_variables = ["CACHE_URL", "DAX_ENDPOINT", "EMAIL_SENDER"]
  function_names     = { for name in ["api", "stream", "fulfilment", "notifications", "webhooks", "smoke"] : name => "${local.name}-${name}" }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name                     = local.function_names[each.key]
  description              = each.value.description
  handler                  = each.value.handler
  runtime                  = var.python_runtime
  artefact_file            = var.artefact_file
  memory_mb                = each.value.memory_mb
  timeout_s                = each.value.timeout_s
  reserved_concurrency     = lookup(each.value, "reserved_concurrency", -1)
  snap_start               = each.key == "api" && local.runtime_has_snap_start && var.provisioned_concurrency == null
  network                  = each.key == "api" ? one(module.network[*].function) : null
  policy                   = local.function_policies[each.key]
  permissions_boundary_arn = local.boundary_arn
  log_retention_days       = var.log_retention_days
  kms_key_arn              = local.own_key_arn

  environment = merge(
    { DYNAMODB_TABLE = local.table_names.orders, ENVIRONMENT = var.environment, LOG_LEVEL = var.log_level },
    # Asked of those that may be absent only: of a value that is not known yet, the plan would know nothing.
    { for name, value in each.value.environment : name => value if contains(local.optional_variables, name) ? value != null : true },
  )
}

module "deployment" {
  source = "./modules/deployment"

  function                 = module.function["api"].function
  hook_arn                 = module.function["smoke"].function.arn
  strategy                 = var.deployment_strategy
  slow_ms                  = var.alarm_thresholds.api_p99_ms
  rollback_alarms          = [module.observability.alarms["api-5xx-rate"].alarm_name]
  alarm_topic_arn          = module.observability.topic.arn
  permissions_boundary_arn = local.boundary_arn
}

module "concurrency" {
  source = "./modules/concurrency"
  count  = var.provisioned_concurrency == null ? 0 : 1

  alias              = module.deployment.alias
  minimum            = var.provisioned_concurrency.minimum
  maximum            = var.provisioned_concurrency.maximum
  target_utilization = var.provisioned_concurrency.target_utilization
  schedules          = var.provisioned_concurrency.schedules
}

# --- Caches (optional) ---

module "network" {
  source = "./modules/network"
  count  = local.cached ? 1 : 0

  name                     = local.name
  cidr                     = var.network_cidr
  table_arns               = [local.table_arns.orders, "${local.table_arns.orders}/index/*", local.table_arns.events, local.table_arns.stats, local.table_arns.webhooks]
  permissions_boundary_arn = local.boundary_arn
  log_retention_days       = var.log_retention_days
  kms_key_arn              = local.own_key_arn
}

module "cache" {
  source = "./modules/cache"
  count  = local.cached ? 1 : 0

  name                     = local.name
  network                  = module.network[0].cache
  valkey                   = var.valkey
  dax                      = var.dax
  table_arn                = module.table["orders"].table.arn
  permissions_boundary_arn = local.boundary_arn
  kms_key_arn              = local.own_key_arn
}

# --- DynamoDB ---

locals {
  tables = {
    orders = {
      hash_key   = "order_id"
      stream     = true
      expires_at = "expires_at"
      indexes = {
        CustomerIndex  = { hash_key = "customer_id", range_key = "created_at" }
        StatusIndex    = { hash_key = "status_shard", range_key = "created_at" }
        ReferenceIndex = { hash_key = "external_reference", range_key = "created_at" }
        DeletedIndex   = { hash_key = "deleted_customer", range_key = "order_id" } # whose events are left to erase
      }
    }
    events   = { hash_key = "order_id", range_key = "version", number_keys = ["version"], expires_at = "expires_at" }
    stats    = { hash_key = "day", range_key = "sk" }
    webhooks = { hash_key = "webhook_id" }
  }

  table_names = { for name in ["orders", "events", "stats", "webhooks"] : name => "${local.name}-${name}" }
}

module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name                   = local.table_names[each.key]
  hash_key               = each.value.hash_key
  range_key              = lookup(each.value, "range_key", null)
  number_keys            = lookup(each.value, "number_keys", [])
  indexes                = lookup(each.value, "indexes", {})
  stream                 = lookup(each.value, "stream", false)
  expires_at             = lookup(each.value, "expires_at", null)
  point_in_time_recovery = var.point_in_time_recovery
  deletion_protection    = var.deletion_protection
  kms_key_arn            = local.own_key_arn
}

module "key" {
  source = "./modules/key"

  name = local.name
}

# --- Events: DynamoDB Streams, EventBridge, SNS, SQS ---

module "events" {
  source = "./modules/events"

  name               = local.name
  stream_arn         = module.table["orders"].table.stream_arn
  functions          = { for name in ["stream", "fulfilment", "notifications", "webhooks"] : name => module.function[name].function }
  consumer_timeout_s = var.consumer_function.timeout_s
  consumers_at_once  = var.consumer_function.at_once
  archive_days       = var.event_archive_days
  kms_key_arn        = module.key.key.arn
}

# --- CloudWatch ---

module "observability" {
  source = "./modules/observability"

  name           = local.name
  environment    = var.environment
  region         = var.region
  api            = { name = local.name, stage = module.api.stage.stage_name }
  api_function   = local.function_names.api
  api_log_group  = module.function["api"].log_group.name
  publisher      = local.function_names.stream
  tables         = local.table_names
  orders_indexes = keys(local.tables.orders.indexes)
  queues         = { for name, queue in module.events.queues : name => queue.name }
  dead_letters   = { for name, queue in module.events.dead_letters : name => queue.name }
  user_pool_id   = module.auth.user_pool.id
  client_id      = module.auth.client.id
  cached         = var.valkey != null
  alarm_emails   = var.alarm_emails
  trace_rate     = var.trace_rate
  budget         = var.budget
  kms_key_arn    = module.key.key.arn

  thresholds = merge(var.alarm_thresholds, {
    # Four fifths of what the function may have; an account starts with 1,000.
    api_concurrency = 0.8 * (var.api_function.reserved_concurrency == -1 ? 1000 : var.api_function.reserved_concurrency)
  })
}
