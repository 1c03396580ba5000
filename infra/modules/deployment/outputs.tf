output "alias" {
  description = "The alias that clients are served by."
  value       = aws_lambda_alias.live
}

output "group" {
  description = "The CodeDeploy deployment group."
  value       = aws_codedeploy_deployment_group.this
}

output "alarms" {
  description = "The alarms that watch the version being deployed."
  value       = [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.duration]
}
