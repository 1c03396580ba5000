# One Lambda function with its role and its log group.

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158: an own key is a setting of each environment; without it CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338: retention is a setting of each environment; a year of logs is not wanted in dev
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115: reserved concurrency is a setting of each environment; a new account has none to reserve
  #checkov:skip=CKV_AWS_116: every caller waits for the answer or keeps its own dead-letter queue
  #checkov:skip=CKV_AWS_117: a VPC is joined only where a cache needs it; without one there is no network to protect
  #checkov:skip=CKV_AWS_173: the environment holds names, no secrets; Lambda encrypts it with its own key
  #checkov:skip=CKV_AWS_272: the pipeline promotes one artefact by its hash
  function_name                  = var.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  runtime                        = var.runtime
  architectures                  = ["arm64"]
  handler                        = var.handler
  filename                       = var.artefact_file
  source_code_hash               = filebase64sha256(var.artefact_file)
  publish                        = true
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_s
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = var.environment
  }

  logging_config {
    log_group  = aws_cloudwatch_log_group.this.name
    log_format = "JSON"
    # Lambda drops lines below this level, and reads a metric line as INFO: WARN here would lose every metric.
    application_log_level = var.environment["LOG_LEVEL"] == "DEBUG" ? "DEBUG" : "INFO"
    system_log_level      = "WARN" # start and report of each invocation would double the logs; durations are metrics
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "snap_start" {
    for_each = var.snap_start ? ["PublishedVersions"] : []
    content {
      apply_on = snap_start.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.network[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [vpc_config.value.security_group_id]
    }
  }

  # An event source checks the role's permissions the moment it is mapped.
  depends_on = [aws_iam_role_policy.this]
}
