output "key" {
  description = "The KMS key."
  value       = aws_kms_key.this
}
