output "function" {
  description = "Where a function joins the network."
  value       = { subnet_ids = aws_subnet.private[*].id, security_group_id = aws_security_group.function.id }
}

output "cache" {
  description = "Where a cache joins the network."
  value       = { subnet_ids = aws_subnet.private[*].id, security_group_id = aws_security_group.cache.id }
}
