# What holds in every environment:  terraform test -var-file=environments/NAME.tfvars -filter=tests/every_environment.tftest.hcl

# Applied against a stand-in of the provider. The credentials are no ones: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

run "environment" {
  # --- Client: the console ---

  assert {
    condition     = alltrue([for name in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] : module.console.public_access_block[name]])
    error_message = "The console's bucket must refuse every public access."
  }

  assert {
    condition     = [for s in jsondecode(module.console.bucket_policy).Statement : s.Principal if s.Effect == "Allow"] == [{ Service = "cloudfront.amazonaws.com" }]
    error_message = "Only CloudFront may read the console's bucket."
  }

  assert {
    condition     = module.console.distribution.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "The console must be served over HTTPS only."
  }

  assert {
    condition     = startswith(module.console.content_security_policy, "default-src 'none'; script-src 'self';") && !strcontains(module.console.content_security_policy, "unsafe")
    error_message = "The console's pages may run their own scripts only."
  }

  assert {
    condition     = strcontains(module.console.content_security_policy, "connect-src 'self' ${regex("^https://[^/]+", output.api_url)} https://cognito-idp.eu-west-1.amazonaws.com;")
    error_message = "The console's pages may call the API and Cognito, and nobody else."
  }

  # --- API Gateway ---

  assert {
    condition     = jsondecode(module.api.api.body).paths["/v1/orders/{order_id}"].get["x-amazon-apigateway-integration"].uri == module.deployment.alias.invoke_arn
    error_message = "The API must call the alias live, not a version."
  }

  assert {
    condition     = module.api.permission.qualifier == "live" && module.api.permission.source_arn == "${module.api.api.execution_arn}/${var.environment}/*/*"
    error_message = "Only this stage of this API may call the alias."
  }

  assert {
    condition     = module.api.api.tags.contract == sha256(jsonencode({ body = module.api.api.body, by_domain_only = false, security_policy = module.api.api.security_policy })) && module.api.first_deployment.description == module.api.api.tags.contract
    error_message = "The API and its first deployment must tell which contract they have, so that `orders deploy` deploys each once."
  }

  assert {
    condition     = module.api.api.security_policy == "SecurityPolicy_TLS13_1_2_2021_06" && module.api.api.endpoint_access_mode == "STRICT"
    error_message = "The API must refuse anything older than TLS 1.2, at its own address too."
  }

  assert {
    condition     = module.api.api.endpoint_configuration[0].types == tolist(["REGIONAL"]) && module.api.stage.stage_name == var.environment && module.api.stage.xray_tracing_enabled
    error_message = "The API must be regional, with a traced stage named like the environment."
  }

  assert {
    condition = length(setsubtract([
      "requestId", "extendedRequestId", "ip", "method", "path", "resourcePath", "status", "latency", "integrationLatency", "responseLength",
      "userAgent", "sub", "apiKeyId", "errorMessage", "wafStatus", "xrayTraceId",
    ], keys(jsondecode(module.api.stage.access_log_settings[0].format)))) == 0
    error_message = "The access log must be JSON, and have the fields that the one-machine host logs."
  }

  assert {
    condition = alltrue([for method in module.api.method_settings :
      method.settings[0].throttling_rate_limit == var.throttling.rate && method.settings[0].throttling_burst_limit == var.throttling.burst
      && method.settings[0].metrics_enabled && !method.settings[0].data_trace_enabled
    ])
    error_message = "Every method must be throttled and measured, and no body or token logged."
  }

  assert {
    condition     = { for name, plan in module.api.usage_plans : name => [plan.throttle_settings[0].rate_limit, plan.throttle_settings[0].burst_limit] } == { basic = [50, 100], premium = [250, 500] }
    error_message = "The usage plans are basic, 50 a second and 100 at once, and premium, 250 and 500."
  }

  assert {
    condition     = alltrue([for plan in module.api.usage_plans : plan.quota_settings[0].period == "DAY" && plan.quota_settings[0].limit > 0])
    error_message = "Every usage plan must have a daily quota."
  }

  assert {
    condition     = keys(output.api_key_ids) == ["basic-console", "basic-default", "premium-default"]
    error_message = "Every plan must have a key, and the console one of its own."
  }

  # --- Cognito ---

  assert {
    condition     = module.auth.user_pool.username_attributes == toset(["email"]) && module.auth.user_pool.auto_verified_attributes == toset(["email"])
    error_message = "Users sign in with a verified e-mail address."
  }

  assert {
    condition     = [for p in module.auth.user_pool.password_policy : [p.minimum_length, p.require_lowercase, p.require_uppercase, p.require_numbers, p.require_symbols]] == [[12, true, true, true, true]]
    error_message = "A password has at least 12 characters of all four kinds."
  }

  assert {
    condition     = !module.auth.client.generate_secret && module.auth.client.prevent_user_existence_errors == "ENABLED" && module.auth.client.enable_token_revocation
    error_message = "The client has no secret, does not tell who has an account, and can revoke its tokens."
  }

  assert {
    condition     = [module.auth.client.id_token_validity, module.auth.client.access_token_validity, module.auth.client.refresh_token_validity] == [60, 60, 30]
    error_message = "Tokens live 60 minutes, refresh tokens 30 days."
  }

  assert {
    condition     = toset(module.auth.groups) == toset(["support", "fulfilment", "finance", "admin", "staff"])
    error_message = "The pool has the groups to which the API gives permissions."
  }

  # --- Lambda ---

  assert {
    condition     = alltrue([for f in module.function : f.function.runtime == "python3.11" && f.function.architectures == tolist(["arm64"]) && f.function.publish])
    error_message = "All functions run Python 3.11 on arm64 in published versions."
  }

  assert {
    condition     = alltrue([for f in module.function : f.function.tracing_config[0].mode == "Active" && f.function.logging_config[0].log_format == "JSON" && f.function.logging_config[0].log_group == f.log_group.name])
    error_message = "All functions are traced, and log JSON to their own log group."
  }

  assert {
    condition     = alltrue([for f in module.function : f.log_group.retention_in_days == var.log_retention_days])
    error_message = "Logs are kept for as long as the environment says."
  }

  assert {
    condition     = module.function["api"].function.environment[0].variables.DYNAMODB_TABLE == "orders-api-${var.environment}-orders" && module.function["api"].function.environment[0].variables.ENVIRONMENT == var.environment
    error_message = "The API function must be told its table and its environment."
  }

  assert {
    condition     = module.deployment.alias.name == "live" && module.deployment.alias.function_name == module.function["api"].function.function_name
    error_message = "The alias live must be of the API function."
  }

  assert {
    condition     = module.deployment.group.deployment_style[0].deployment_option == "WITH_TRAFFIC_CONTROL" && module.deployment.group.auto_rollback_configuration[0].events == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"])
    error_message = "A deployment must roll back by itself, on failure and on alarm."
  }

  assert {
    condition     = module.deployment.group.alarm_configuration[0].alarms == toset(concat(module.deployment.alarms[*].alarm_name, ["orders-api-${var.environment}-api-5xx-rate"]))
    error_message = "A deployment is watched by the new version's alarms, and by the API's."
  }

  assert {
    condition     = alltrue([for alarm in module.deployment.alarms : alarm.dimensions.ExecutedVersion == module.function["api"].function.version])
    error_message = "The alarms of a deployment must watch the new version, not the whole function."
  }

  # --- IAM ---

  assert {
    condition     = alltrue([for f in module.function : alltrue([for s in jsondecode(f.policy).Statement : s.Resource != "*" || s.Sid == "SendTraces"])])
    error_message = "Only traces may be sent without naming a resource."
  }

  assert {
    condition     = alltrue([for f in module.function : !strcontains(f.policy, ":*\"") || alltrue([for s in jsondecode(f.policy).Statement : alltrue([for a in flatten([s.Action]) : !endswith(a, ":*")])])])
    error_message = "No function may do all that a service can do."
  }

  assert {
    condition = toset(flatten([for s in jsondecode(module.function["api"].policy).Statement : s.Resource if anytrue([for a in flatten([s.Action]) : startswith(a, "dynamodb:")])])) == toset([
      module.table["orders"].table.arn, "${module.table["orders"].table.arn}/index/CustomerIndex", "${module.table["orders"].table.arn}/index/StatusIndex", "${module.table["orders"].table.arn}/index/ReferenceIndex", "${module.table["orders"].table.arn}/index/DeletedIndex",
      module.table["events"].table.arn, module.table["stats"].table.arn, module.table["webhooks"].table.arn,
    ])
    error_message = "The API function reads and writes its own orders, lists them by four indexes, reads history and figures, and keeps webhooks."
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(module.function["api"].policy).Statement : s.Resource if anytrue([for a in flatten([s.Action]) : contains(["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"], a)])])) == toset([for name in ["orders", "events", "webhooks"] : module.table[name].table.arn])
    error_message = "The API function writes its orders, and erases personal data from their events."
  }

  assert {
    condition     = alltrue([for f in module.function : toset(flatten([for s in jsondecode(f.policy).Statement : s.Resource if anytrue([for a in flatten([s.Action]) : startswith(a, "logs:")])])) == toset(["${f.log_group.arn}:*"])])
    error_message = "A function writes one log group, its own."
  }

  # --- DynamoDB ---

  assert {
    condition     = alltrue([for t in module.table : t.table.billing_mode == "PAY_PER_REQUEST" && t.table.server_side_encryption[0].enabled == var.own_key && (t.table.server_side_encryption[0].kms_key_arn == module.key.key.arn) == var.own_key])
    error_message = "Tables are on demand, and encrypted with the own key where the environment says so."
  }

  assert {
    condition     = alltrue([for t in module.table : t.table.point_in_time_recovery[0].enabled == var.point_in_time_recovery && t.table.deletion_protection_enabled == var.deletion_protection])
    error_message = "Tables are protected as the environment says."
  }

  assert {
    condition     = { for i in module.table["orders"].table.global_secondary_index : i.name => [i.hash_key, i.range_key, i.projection_type] } == { CustomerIndex = ["customer_id", "created_at", "ALL"], StatusIndex = ["status_shard", "created_at", "ALL"], ReferenceIndex = ["external_reference", "created_at", "ALL"], DeletedIndex = ["deleted_customer", "order_id", "ALL"] }
    error_message = "Orders are listed by customer, by status and by the shop's own number, newest first."
  }

  assert {
    condition     = module.table["orders"].table.stream_view_type == "NEW_AND_OLD_IMAGES" && [for name, t in module.table : name if t.table.stream_enabled] == ["orders"]
    error_message = "The orders table, and no other, streams the order before and after each change."
  }

  assert {
    condition     = { for name, t in module.table : name => one(t.table.ttl[*].attribute_name) if one(t.table.ttl[*].enabled) == true } == { orders = "expires_at", events = "expires_at" }
    error_message = "What is left of a deleted order, and its events, must expire, and nothing else."
  }

  assert {
    condition     = module.key.key.enable_key_rotation
    error_message = "The key must be rotated."
  }

  # --- Events ---

  assert {
    condition     = { for m in concat([module.events.stream_mapping], values(module.events.queue_mappings)) : m.function_name => true } == { for a in module.events.aliases : a.arn => true } && length(module.events.aliases) == 4 && alltrue([for a in module.events.aliases : a.name == "live"])
    error_message = "Events are consumed by the aliases live, which a rollback moves, not by what was published last."
  }

  assert {
    condition     = module.events.stream_mapping.bisect_batch_on_function_error && module.events.stream_mapping.maximum_retry_attempts == -1 && module.events.stream_mapping.destination_config[0].on_failure[0].destination_arn == module.events.dead_letters["unpublished"].arn
    error_message = "A poisoned change must be isolated, given up after some tries, and set aside."
  }

  assert {
    condition     = alltrue([for m in concat([module.events.stream_mapping], values(module.events.queue_mappings)) : m.function_response_types == toset(["ReportBatchItemFailures"])])
    error_message = "Of a failed batch, only what failed is tried again."
  }

  assert {
    condition     = alltrue([for q in concat(values(module.events.queues), values(module.events.dead_letters)) : q.sqs_managed_sse_enabled])
    error_message = "All queues must be encrypted."
  }

  assert {
    condition     = alltrue([for name, q in module.events.queues : q.visibility_timeout_seconds >= 6 * module.function[name].function.timeout && jsondecode(q.redrive_policy).deadLetterTargetArn == module.events.dead_letters[name].arn])
    error_message = "A message stays hidden while its consumer may work on it, and ends as a dead letter."
  }

  assert {
    condition = alltrue([for name, p in module.events.policies : alltrue([for s in jsondecode(p).Statement : s.Effect == "Deny" ||
      contains(["events.amazonaws.com", "sns.amazonaws.com"], try(s.Principal.Service, "")) && (name == "topic" || can(regex("^arn:", s.Condition.ArnEquals["aws:SourceArn"])))
    ])])
    error_message = "A queue is filled by one rule or topic, the topic by EventBridge, and neither by anybody else."
  }

  assert {
    condition     = alltrue([for p in values(module.events.policies) : [for s in jsondecode(p).Statement : s.Condition if s.Effect == "Deny"] == [{ Bool = { "aws:SecureTransport" = "false" } }]])
    error_message = "Queues and topic are reached over TLS only."
  }

  assert {
    condition     = alltrue([for topic in [module.events.topic, module.observability.topic] : topic.kms_master_key_id == module.key.key.arn])
    error_message = "Topics are encrypted with the own key, the one that rules and alarms may use."
  }

  # --- CloudWatch ---

  assert {
    condition     = alltrue([for alarm in concat(values(module.observability.alarms), module.deployment.alarms) : alarm.alarm_actions == toset([module.observability.topic.arn]) && alarm.ok_actions == alarm.alarm_actions && length(alarm.alarm_description) > 0])
    error_message = "Every alarm says what it means, and tells the topic when it goes off and when it is over."
  }

  assert {
    condition = toset(keys(module.observability.alarms)) == toset(concat(
      ["api-5xx-rate", "api-latency-p99", "api-errors", "api-throttles", "api-concurrency"],
      ["orders-read-throttles", "orders-write-throttles", "orders-customerindex-throttles", "orders-statusindex-throttles", "orders-referenceindex-throttles", "orders-deletedindex-throttles", "orders-system-errors"],
      ["stream-age", "unpublished-dead-letters", "fulfilment-dead-letters", "notifications-dead-letters", "webhooks-dead-letters"],
    ))
    error_message = "There is an alarm for what hurts a caller or loses an event, and for nothing else."
  }

  assert {
    condition     = alltrue([for w in jsondecode(module.observability.dashboard.dashboard_body).widgets : w.x + w.width <= 24])
    error_message = "The dashboard has 24 columns."
  }

  assert {
    condition     = [for w in jsondecode(module.observability.dashboard.dashboard_body).widgets : w.properties.markdown if w.type == "text"] == ["## API Gateway", "## Lambda", "## DynamoDB", "## Events", "## Business"]
    error_message = "The dashboard has a row for each layer, from the client down."
  }
}
