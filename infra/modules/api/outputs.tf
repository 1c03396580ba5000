output "url" {
  description = "Where the API is: paths such as /v1/orders follow."
  value       = var.domain == null ? aws_api_gateway_stage.this.invoke_url : "https://${var.domain.name}"
}

output "stage" {
  description = "The stage."
  value       = aws_api_gateway_stage.this
}

output "api" {
  description = "The REST API."
  value       = aws_api_gateway_rest_api.this
}

output "first_deployment" {
  description = "The deployment that the stage serves until `orders deploy` makes another."
  value       = aws_api_gateway_deployment.first
}

output "method_settings" {
  description = "What applies to every method, and to the cached one."
  value       = concat([aws_api_gateway_method_settings.all], aws_api_gateway_method_settings.cached)
}

output "usage_plans" {
  description = "The usage plans by name."
  value       = aws_api_gateway_usage_plan.this
}

output "key_ids" {
  description = "Ids of the API keys by plan and label; the keys themselves are read with `aws apigateway get-api-key`."
  value       = { for name, key in aws_api_gateway_api_key.this : name => key.id }
}

output "keys" {
  description = "The API keys themselves, by plan and label."
  value       = { for name, key in aws_api_gateway_api_key.this : name => key.value }
  sensitive   = true
}

output "domain" {
  description = "The custom domain: point a DNS alias at its regional_domain_name; null without one."
  value       = one(aws_api_gateway_domain_name.this[*])
}

output "permission" {
  description = "What lets API Gateway invoke the function."
  value       = aws_lambda_permission.this
}
