output "api_url" {
  description = "Where the API is: paths such as /v1/orders follow."
  value       = module.api.url
}

output "console_url" {
  description = "Where the web console is."
  value       = module.console.url
}

output "cognito_url" {
  description = "Where clients sign in, with the cognito-idp API."
  value       = local.cognito_url
}

output "user_pool_id" {
  description = "The user pool."
  value       = module.auth.user_pool.id
}

output "client_id" {
  description = "The app client that signs callers in."
  value       = module.auth.client.id
}

output "api_key_ids" {
  description = "Ids of the API keys by plan and label; `aws apigateway get-api-key --include-value --api-key ID` shows the key."
  value       = module.api.key_ids
}

output "table_name" {
  description = "The orders table."
  value       = local.table_names.orders
}

output "webhooks_table_name" {
  description = "The table of webhook subscribers."
  value       = local.table_names.webhooks
}

output "event_bus_name" {
  description = "The event bus."
  value       = module.events.bus.name
}

output "dead_letter_queues" {
  description = "URLs of the queues that should be empty."
  value       = { for name, queue in module.events.dead_letters : name => queue.url }
}

output "alarm_topic_arn" {
  description = "The topic of alarms, for whoever else should hear of them."
  value       = module.observability.topic.arn
}

output "dashboard_url" {
  description = "The dashboard for the wall."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${module.observability.dashboard.dashboard_name}"
}

output "dns" {
  description = "What a DNS alias for each custom domain must point at."
  value = {
    api     = one(module.api.domain[*].regional_domain_name)
    console = module.console.distribution.domain_name
  }
}
