# One dashboard for the wall: a row for each layer of the architecture, from the client down.

locals {
  # The application's own metrics: how they are added up, and the dimensions that they have beyond environment and operation.
  own_metrics = { for name, metric in {
    OrdersCreated = { stat = "Sum", by = "" }
    OrderValue    = { stat = "Sum", by = ",currency" }
    Faults        = { stat = "Sum", by = ",kind" }
    StoreLatency  = { stat = "p99", by = "" }
    } : name => {
    expression = "SEARCH('{OrdersApi,environment,operation${metric.by}} MetricName=\"${name}\" environment=\"${var.environment}\"', '${metric.stat}')"
  } }

  rows = concat([
    {
      title = "API Gateway"
      widgets = [
        { title = "Requests and faults", stat = "Sum", metrics = [
          ["AWS/ApiGateway", "Count", "ApiName", var.api.name, "Stage", var.api.stage, { label = "requests" }],
          [".", "4XXError", ".", ".", ".", ".", { label = "4xx" }],
          [".", "5XXError", ".", ".", ".", ".", { label = "5xx", color = "#d62728" }],
        ] },
        { title = "Latency, ms", stat = "p50", metrics = [
          ["AWS/ApiGateway", "Latency", "ApiName", var.api.name, "Stage", var.api.stage, { label = "p50" }],
          ["...", { label = "p90", stat = "p90" }],
          ["...", { label = "p99", stat = "p99" }],
          [".", "IntegrationLatency", ".", ".", ".", ".", { label = "p99 of the function", stat = "p99" }],
        ] },
        { title = "Sign-ins", stat = "Sum", metrics = [
          ["AWS/Cognito", "SignInSuccesses", "UserPool", var.user_pool_id, "UserPoolClient", var.client_id, { label = "sign-ins" }],
          [".", "TokenRefreshSuccesses", ".", ".", ".", ".", { label = "refreshes" }],
          [".", "SignUpSuccesses", ".", ".", ".", ".", { label = "sign-ups" }],
        ] },
      ]
    },
    {
      title = "Lambda"
      widgets = [
        { title = "Invocations and failures", stat = "Sum", metrics = [
          ["AWS/Lambda", "Invocations", "FunctionName", var.api_function, { label = "invocations" }],
          [".", "Errors", ".", ".", { label = "errors", color = "#d62728" }],
          [".", "Throttles", ".", ".", { label = "throttles", color = "#ff7f0e" }],
        ] },
        { title = "Duration, ms", stat = "p50", metrics = [
          ["AWS/Lambda", "Duration", "FunctionName", var.api_function, { label = "p50" }],
          ["...", { label = "p99", stat = "p99" }],
        ] },
        { title = "Instances", stat = "Maximum", metrics = [
          ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", var.api_function, { label = "busy" }],
          [".", "ProvisionedConcurrentExecutions", ".", ".", { label = "busy, kept warm" }],
        ] },
      ]
    },
    {
      title = "DynamoDB"
      widgets = [
        { title = "Consumed capacity", stat = "Sum", metrics = [
          ["AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", var.tables.orders, { label = "read" }],
          [".", "ConsumedWriteCapacityUnits", ".", ".", { label = "write" }],
        ] },
        { title = "Latency, ms: DynamoDB's average, and p99 as the API sees it", stat = "Average", metrics = concat(
          [for operation in local.table_operations :
            ["AWS/DynamoDB", "SuccessfulRequestLatency", "TableName", var.tables.orders, "Operation", operation, { label = operation }]
          ],
          [[local.own_metrics["StoreLatency"]]],
        ) },
        { title = "Throttles", stat = "Sum", metrics = concat(
          [for table in values(var.tables) : ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", table]],
          [for index in var.orders_indexes : ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", var.tables.orders, "GlobalSecondaryIndexName", index]],
        ) },
      ]
    },
    {
      title = "Events"
      widgets = [
        { title = "Age of the stream, ms", stat = "Maximum", metrics = [
          ["AWS/Lambda", "IteratorAge", "FunctionName", var.publisher, { label = "oldest change not yet published" }],
        ] },
        { title = "Waiting in queues", stat = "Maximum", metrics = [
          for queue in values(var.queues) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]
        ] },
        { title = "Dead letters", stat = "Maximum", metrics = [
          for queue in values(var.dead_letters) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]
        ] },
      ]
    },
    {
      title = "Business"
      widgets = [
        { title = "Orders created", stat = "Sum", metrics = [[local.own_metrics["OrdersCreated"]]] },
        { title = "Value of new orders, by currency", stat = "Sum", metrics = [[local.own_metrics["OrderValue"]]] },
        { title = "Faults, by operation and kind", stat = "Sum", metrics = [[local.own_metrics["Faults"]]] },
      ]
    },
    ], [for title in ["Cache"] : {
      title = title
      widgets = [
        { title = "Valkey hits and misses", stat = "Sum", metrics = [
          ["AWS/ElastiCache", "CacheHits", "clusterId", var.name, { label = "hits" }],
          [".", "CacheMisses", ".", ".", { label = "misses" }],
        ] },
      ]
  } if var.cached])

  alarm_arns = concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn],
    [aws_cloudwatch_metric_alarm.system_errors.arn],
  )

  # 24 columns: the alarms on top, then a heading (1 high) and three graphs (6 high) for each row.
  dashboard = {
    widgets = concat(
      [{ type = "alarm", x = 0, y = 0, width = 24, height = 4, properties = { title = var.name, alarms = local.alarm_arns } }],
      flatten([for row, content in local.rows : concat(
        [{ type = "text", x = 0, y = 4 + 7 * row, width = 24, height = 1, properties = { markdown = "## ${content.title}" } }],
        [for column, widget in content.widgets : {
          type = "metric", x = 8 * column, y = 5 + 7 * row, width = 8, height = 6
          properties = {
            title  = widget.title, stat = widget.stat, metrics = widget.metrics
            region = var.region, period = 60, view = "timeSeries"
          }
        }],
      )]),
      [{
        type = "log", x = 0, y = 4 + 7 * length(local.rows), width = 24, height = 6
        properties = {
          title = "Latest errors", region = var.region, view = "table"
          query = "SOURCE '${var.api_log_group}' | filter level = 'ERROR' | fields @timestamp, message, xray_trace_id | sort @timestamp desc | limit 20"
        }
      }],
    )
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode(local.dashboard)
}
