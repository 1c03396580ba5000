output "table" {
  description = "The table."
  value       = aws_dynamodb_table.this
}
