output "web_acl" {
  description = "The web ACL."
  value       = aws_wafv2_web_acl.this
}
