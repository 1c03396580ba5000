variable "name" {
  description = "Name prefix of the environment."
  type        = string
}

variable "cidr" {
  description = "Private address range of the network."
  type        = string
}

variable "table_arns" {
  description = "Tables that may be reached from the network."
  type        = list(string)
}

variable "permissions_boundary_arn" {
  description = "The most that the role may ever do; null for no boundary."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Own KMS key for the log; null for CloudWatch's."
  type        = string
  default     = null
}
