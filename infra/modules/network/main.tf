# A private network for the caches: two subnets, a way to DynamoDB, and none to the internet.

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394: the first two by name are taken, a new one comes after them
  state = "available"
}

data "aws_region" "current" {}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

resource "aws_subnet" "private" {
  count = 2

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(var.cidr, 1, count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]

  tags = { Name = "${var.name}-${count.index}" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table_association" "private" {
  count = 2

  route_table_id = aws_route_table.private.id
  subnet_id      = aws_subnet.private[count.index].id
}

resource "aws_vpc_endpoint" "dynamodb" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.dynamodb"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  policy            = data.aws_iam_policy_document.dynamodb.json

  tags = { Name = var.name }
}

# Nothing may use the group that AWS makes with the network.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "function" {
  #checkov:skip=CKV2_AWS_5: the function joins it in a module of its own
  name        = "${var.name}-function"
  description = "The function that asks the caches"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "cache" {
  #checkov:skip=CKV2_AWS_5: the cache joins it in a module of its own
  name        = "${var.name}-cache"
  description = "The caches: only the function gets in"
  vpc_id      = aws_vpc.this.id
}

locals {
  cache_ports = { valkey = 6379, valkey-reader = 6380, dax-tls = 9111 }
}

resource "aws_vpc_security_group_egress_rule" "function_to_cache" {
  for_each = local.cache_ports

  security_group_id            = aws_security_group.function.id
  referenced_security_group_id = aws_security_group.cache.id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "cache_from_function" {
  for_each = local.cache_ports

  security_group_id            = aws_security_group.cache.id
  referenced_security_group_id = aws_security_group.function.id
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_egress_rule" "to_dynamodb" {
  for_each = { function = aws_security_group.function.id, cache = aws_security_group.cache.id }

  security_group_id = each.value
  prefix_list_id    = aws_vpc_endpoint.dynamodb.prefix_list_id
  description       = "DynamoDB through its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_flow_log" "this" {
  vpc_id               = aws_vpc.this.id
  traffic_type         = "REJECT"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow.arn
  iam_role_arn         = aws_iam_role.flow.arn
}

resource "aws_cloudwatch_log_group" "flow" {
  #checkov:skip=CKV_AWS_158: an own key is a setting of each environment; without it CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338: retention is a setting of each environment; a year of logs is not wanted in dev
  name              = "/aws/vpc/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}
