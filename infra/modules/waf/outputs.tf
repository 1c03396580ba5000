output "web_acl" {
  description = "The web ACL."
  value       = aws_wafv2_web_acl.this
}

output "rate_limit" {
  description = "Requests that one address may send in five minutes."
  value       = var.requests_per_5_minutes
}
