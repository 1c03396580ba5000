output "url" {
  description = "Where the console is."
  value       = "https://${var.domain == null ? aws_cloudfront_distribution.this.domain_name : var.domain.name}"
}

output "distribution" {
  description = "The CloudFront distribution; point a DNS alias at its domain_name."
  value       = aws_cloudfront_distribution.this
}

output "bucket_policy" {
  description = "Who may read the bucket, as JSON."
  value       = data.aws_iam_policy_document.bucket.json
}

output "public_access_block" {
  description = "What keeps the bucket private."
  value       = aws_s3_bucket_public_access_block.this
}

output "content_security_policy" {
  description = "What a page of the console may load and call."
  value       = local.content_security_policy
}
