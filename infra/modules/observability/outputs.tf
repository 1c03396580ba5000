output "topic" {
  description = "The alarm topic."
  value       = aws_sns_topic.alarms
}

output "alarms" {
  description = "All alarms by name."
  value       = merge(aws_cloudwatch_metric_alarm.this, { orders-system-errors = aws_cloudwatch_metric_alarm.system_errors })
}

output "dashboard" {
  description = "The dashboard."
  value       = aws_cloudwatch_dashboard.this
}

output "sampling" {
  description = "How much is traced."
  value       = aws_xray_sampling_rule.this
}

output "budget" {
  description = "The budget; null without one."
  value       = one(aws_budgets_budget.this[*])
}
