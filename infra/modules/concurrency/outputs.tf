output "target" {
  description = "What is scaled, and within which bounds."
  value       = aws_appautoscaling_target.this
}

output "schedules" {
  description = "The scheduled actions by name."
  value       = aws_appautoscaling_scheduled_action.this
}
