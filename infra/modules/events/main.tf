# What happens to an order: table stream → publisher → bus → rules → topic and queues → consumers.

locals {
  # What of the orders' events each rule picks; see docs/events for their shape.
  rules = {
    fulfilment    = { detail-type = ["OrderCreated", "OrderStatusChanged", "OrderDeleted"] }
    notifications = { detail-type = ["OrderCreated", "OrderStatusChanged"] }
    webhooks      = {}
  }

  # How often a message is tried. A webhook is tried over hours, its consumer moves the next try away; the others at once.
  attempts = { fulfilment = 5, notifications = 5, webhooks = 12 }

  # Rules that fill a queue; `notifications` fills a topic.
  queued = toset(["fulfilment", "webhooks"])

  # What a customer is told of: the order is placed, the order is on its way.
  told_to_customers = {
    "$or" = [
      { detail-type = ["OrderCreated"] },
      { detail-type = ["OrderStatusChanged"], detail = { order = { status = ["SHIPPED"] } } },
    ]
  }
}

# --- what consumes: one version of each function, which `orders deploy` moves ---

resource "aws_lambda_alias" "live" {
  for_each = var.functions

  name             = "live"
  description      = "What events are consumed by"
  function_name    = each.value.function_name
  function_version = each.value.version

  lifecycle {
    ignore_changes = [function_version]
  }
}

# --- table stream → publisher ---

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn               = var.stream_arn
  function_name                  = aws_lambda_alias.live["stream"].arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 100
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = -1        # a table or a bus may be away for longer than any number of attempts
  maximum_record_age_in_seconds  = 12 * 3600 # half of what a stream keeps
  function_response_types        = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.unpublished.arn
    }
  }
}

# What the publisher, or the rule of the topic, could not pass on.
resource "aws_sqs_queue" "unpublished" {
  name                      = "${var.name}-unpublished"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 24 * 3600
}

# --- bus → rules ---

resource "aws_cloudwatch_event_bus" "this" {
  name = var.name
}

resource "aws_cloudwatch_event_archive" "this" {
  name             = var.name
  description      = "Every event, to be replayed"
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.archive_days
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name           = "${var.name}-${each.key}"
  event_bus_name = aws_cloudwatch_event_bus.this.name
  event_pattern  = jsonencode(merge({ source = ["orders-api"] }, each.value))
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = local.queued

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = each.key
  arn            = module.queue[each.key].queue.arn

  dead_letter_config {
    arn = module.queue[each.key].dead_letters.arn
  }
}

resource "aws_cloudwatch_event_target" "topic" {
  rule           = aws_cloudwatch_event_rule.this["notifications"].name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "notifications"
  arn            = aws_sns_topic.notifications.arn

  dead_letter_config {
    arn = aws_sqs_queue.unpublished.arn
  }
}

# --- topic ---

resource "aws_sns_topic" "notifications" {
  name              = "${var.name}-notifications"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "customers" {
  topic_arn            = aws_sns_topic.notifications.arn
  protocol             = "sqs"
  endpoint             = module.queue["notifications"].queue.arn
  raw_message_delivery = true
  filter_policy_scope  = "MessageBody"
  filter_policy        = jsonencode(local.told_to_customers)
  redrive_policy       = jsonencode({ deadLetterTargetArn = module.queue["notifications"].dead_letters.arn })
}

# --- queues → consumers ---

module "queue" {
  source   = "../queue"
  for_each = local.attempts

  name               = "${var.name}-${each.key}"
  attempts           = each.value
  consumer_timeout_s = var.consumer_timeout_s
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = local.attempts

  event_source_arn        = module.queue[each.key].queue.arn
  function_name           = aws_lambda_alias.live[each.key].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.consumers_at_once
  }
}
