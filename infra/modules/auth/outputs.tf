output "user_pool" {
  description = "The user pool."
  value       = aws_cognito_user_pool.this
}

output "client" {
  description = "The app client."
  value       = aws_cognito_user_pool_client.this
}

output "groups" {
  description = "The groups of those who work with every customer's orders."
  value       = keys(aws_cognito_user_group.this)
}
