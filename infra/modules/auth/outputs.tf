output "user_pool" {
  description = "The user pool."
  value       = aws_cognito_user_pool.this
}

output "client" {
  description = "The app client."
  value       = aws_cognito_user_pool_client.this
}

output "staff" {
  description = "The group of those who may see and move every order."
  value       = aws_cognito_user_group.staff
}
