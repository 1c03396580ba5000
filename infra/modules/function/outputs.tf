output "function" {
  description = "The function."
  value       = aws_lambda_function.this
}

output "log_group" {
  description = "Its log group."
  value       = aws_cloudwatch_log_group.this
}

output "policy" {
  description = "All that its role may do, as JSON."
  value       = data.aws_iam_policy_document.this.json
}
