# The optional caches in front of the orders table: Valkey, which the application asks, and DAX.

resource "aws_elasticache_serverless_cache" "valkey" {
  count = var.valkey == null ? 0 : 1

  name                 = var.name
  description          = "Orders by id"
  engine               = "valkey"
  major_engine_version = "8"
  subnet_ids           = var.network.subnet_ids
  security_group_ids   = [var.network.security_group_id]
  kms_key_id           = var.kms_key_arn

  cache_usage_limits {
    data_storage {
      maximum = var.valkey.max_gb
      unit    = "GB"
    }

    ecpu_per_second {
      maximum = var.valkey.max_ecpu_per_second
    }
  }
}

resource "aws_dax_subnet_group" "this" {
  count = var.dax == null ? 0 : 1

  name       = var.name
  subnet_ids = var.network.subnet_ids
}

resource "aws_dax_cluster" "this" {
  count = var.dax == null ? 0 : 1

  cluster_name                     = var.name
  node_type                        = var.dax.node_type
  replication_factor               = var.dax.nodes
  iam_role_arn                     = aws_iam_role.dax[0].arn
  subnet_group_name                = aws_dax_subnet_group.this[0].name
  security_group_ids               = [var.network.security_group_id]
  cluster_endpoint_encryption_type = "TLS"

  server_side_encryption {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.dax]
}
