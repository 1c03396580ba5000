# Who may fill what: a queue by its one rule or topic, the topic by EventBridge, and nobody without TLS.

locals {
  rule_senders = { for name, rule in aws_cloudwatch_event_rule.this : name => { service = "events.amazonaws.com", arn = rule.arn } }
  topic_sender = { service = "sns.amazonaws.com", arn = aws_sns_topic.notifications.arn }

  queue_policies = merge(
    { unpublished = { queue = aws_sqs_queue.unpublished, sender = local.rule_senders["notifications"] } },
    merge([for name in keys(local.attempts) : {
      (name)                 = { queue = module.queue[name].queue, sender = local.queue_senders[name] }
      "${name}-dead-letters" = { queue = module.queue[name].dead_letters, sender = local.queue_senders[name] }
    }]...),
  )
  queue_senders = merge(local.rule_senders, { notifications = local.topic_sender })
}

data "aws_iam_policy_document" "queue" {
  for_each = local.queue_policies

  statement {
    sid       = "Deliver"
    actions   = ["sqs:SendMessage"]
    resources = [each.value.queue.arn]

    principals {
      type        = "Service"
      identifiers = [each.value.sender.service]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [each.value.sender.arn]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value.queue.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.queue_policies

  queue_url = each.value.queue.id
  policy    = data.aws_iam_policy_document.queue[each.key].json
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "Publish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.notifications.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    # No condition: EventBridge names neither its account nor its rule to a topic, and would be refused in silence.
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.notifications.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.notifications.arn
  policy = data.aws_iam_policy_document.topic.json
}
