variable "name" {
  description = "Name of the caches."
  type        = string
}

variable "network" {
  description = "Subnets and security group to join."
  type        = object({ subnet_ids = list(string), security_group_id = string })
}

variable "valkey" {
  description = "Bounds of an ElastiCache Serverless cache for Valkey; null for none."
  type        = object({ max_gb = number, max_ecpu_per_second = number })
}

variable "dax" {
  description = "Nodes of a DAX cluster; null for none."
  type        = object({ node_type = string, nodes = number })
}

variable "table_arn" {
  description = "The table that DAX stands in front of."
  type        = string
}

variable "kms_key_arn" {
  description = "Own KMS key for Valkey; null for ElastiCache's."
  type        = string
  default     = null
}

variable "permissions_boundary_arn" {
  description = "The most that the role may ever do; null for no boundary."
  type        = string
  default     = null
}
