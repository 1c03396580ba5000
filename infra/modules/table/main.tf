# One DynamoDB table: on demand, encrypted, with the indexes and the protection it is given.

locals {
  keys = concat(
    [var.hash_key], var.range_key[*],
    flatten([for index in values(var.indexes) : [index.hash_key, index.range_key]]),
  )
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28: point-in-time recovery is a setting of each environment, on in prod
  #checkov:skip=CKV_AWS_119: an own key is a setting of each environment, on in prod; without it AWS encrypts with its own
  #checkov:skip=CKV2_AWS_16: on-demand tables scale by themselves
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key
  range_key                   = var.range_key
  stream_enabled              = var.stream
  stream_view_type            = var.stream ? "NEW_AND_OLD_IMAGES" : null
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(local.keys)
    content {
      name = attribute.value
      type = contains(var.number_keys, attribute.value) ? "N" : "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key
      range_key       = global_secondary_index.value.range_key
      projection_type = "ALL"
    }
  }

  dynamic "ttl" {
    for_each = var.expires_at[*]
    content {
      enabled        = true
      attribute_name = ttl.value
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
