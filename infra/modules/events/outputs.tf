output "bus" {
  description = "The event bus."
  value       = aws_cloudwatch_event_bus.this
}

output "rules" {
  description = "The rules by name."
  value       = aws_cloudwatch_event_rule.this
}

output "topic" {
  description = "The topic of what customers may be told."
  value       = aws_sns_topic.notifications
}

output "queues" {
  description = "The consumers' queues by name."
  value       = { for name, queue in module.queue : name => queue.queue }
}

output "dead_letters" {
  description = "By name, every queue that should be empty."
  value       = merge({ for name, queue in module.queue : name => queue.dead_letters }, { unpublished = aws_sqs_queue.unpublished })
}

output "stream_mapping" {
  description = "How the table's stream reaches the publisher."
  value       = aws_lambda_event_source_mapping.stream
}

output "queue_mappings" {
  description = "How each queue reaches its consumer."
  value       = aws_lambda_event_source_mapping.queue
}

output "aliases" {
  description = "By function, the alias that consumes."
  value       = aws_lambda_alias.live
}

output "policies" {
  description = "Who may fill each queue and the topic, as JSON."
  value       = merge({ for name, document in data.aws_iam_policy_document.queue : name => document.json }, { topic = data.aws_iam_policy_document.topic.json })
}
