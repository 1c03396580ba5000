# The alarms as a table: what is measured, above which value, in how many of the last five minutes, and what it means.

locals {
  api_dimensions   = { ApiName = var.api.name, Stage = var.api.stage }
  table_operations = ["GetItem", "PutItem", "UpdateItem", "Query"]

  # A consumer that fails fills its queue of dead letters, or delays the stream: those are watched, not each function.
  alarms = merge(local.api_alarms, local.table_alarms, local.event_alarms)

  api_alarms = {
    api-5xx-rate = {
      namespace = "AWS/ApiGateway", metric = "5XXError", statistic = "Average", dimensions = local.api_dimensions
      above     = var.thresholds.api_5xx_share, minutes = 3
      means     = "The share of requests that the API answers with a fault of its own is too high."
    }
    api-latency-p99 = {
      namespace = "AWS/ApiGateway", metric = "Latency", statistic = "p99", dimensions = local.api_dimensions
      above     = var.thresholds.api_p99_ms, minutes = 3
      means     = "One request in a hundred takes too long."
    }
    api-errors = {
      namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum", dimensions = { FunctionName = var.api_function }
      above     = 0, minutes = 2
      means     = "The API function raises, or runs out of time or memory."
    }
    api-throttles = {
      namespace = "AWS/Lambda", metric = "Throttles", statistic = "Sum", dimensions = { FunctionName = var.api_function }
      above     = 0, minutes = 2
      means     = "The API function is refused an instance: its reserved concurrency or the account's is used up."
    }
    api-concurrency = {
      namespace = "AWS/Lambda", metric = "ConcurrentExecutions", statistic = "Maximum", dimensions = { FunctionName = var.api_function }
      above     = var.thresholds.api_concurrency, minutes = 3
      means     = "The API function is near the instances it may have; beyond them requests are refused."
    }
  }

  table_alarms = merge(
    { for kind in ["read", "write"] : "orders-${kind}-throttles" => {
      namespace = "AWS/DynamoDB", metric = "${title(kind)}ThrottleEvents", statistic = "Sum", dimensions = { TableName = var.tables.orders }
      above     = 0, minutes = 2
      means     = "DynamoDB refuses some ${kind}s of orders: a key is hot, or traffic more than doubled at once."
    } },
    { for index in var.orders_indexes : "orders-${lower(index)}-throttles" => {
      namespace  = "AWS/DynamoDB", metric = "WriteThrottleEvents", statistic = "Sum"
      dimensions = { TableName = var.tables.orders, GlobalSecondaryIndexName = index }
      above      = 0, minutes = 2
      means      = "DynamoDB refuses writes to this index, and so to the table: one of its partitions is hot."
    } },
  )

  event_alarms = merge(
    {
      stream-age = {
        namespace = "AWS/Lambda", metric = "IteratorAge", statistic = "Maximum", dimensions = { FunctionName = var.publisher }
        above     = var.thresholds.stream_age_ms, minutes = 3
        means     = "Changes of orders reach the bus late."
      }
    },
    { for name, queue in var.dead_letters : "${name}-dead-letters" => {
      namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = queue }
      above     = 0, minutes = 1
      means     = "Something could not be delivered or processed and waits for a person."
    } },
  )
}
