output "valkey_url" {
  description = "Where Valkey answers, over TLS; null without it."
  value       = one([for cache in aws_elasticache_serverless_cache.valkey : "rediss://${cache.endpoint[0].address}:${cache.endpoint[0].port}"])
}

output "dax_endpoint" {
  description = "Where DAX answers, over TLS; null without it."
  value       = one([for cluster in aws_dax_cluster.this : "daxs://${cluster.cluster_address}"])
}

output "dax_arn" {
  description = "The DAX cluster; null without it."
  value       = one(aws_dax_cluster.this[*].arn)
}
