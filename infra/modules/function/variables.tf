variable "name" {
  description = "Name of the function, of its role and of its log group."
  type        = string
}

variable "description" {
  description = "What the function is for, in one line."
  type        = string
}

variable "handler" {
  description = "Entry point in the artefact, as module.function."
  type        = string
}

variable "runtime" {
  description = "Lambda runtime."
  type        = string
}

variable "artefact_file" {
  description = "Path of the zip."
  type        = string
}

variable "memory_mb" {
  description = "Memory in MB; CPU grows with it."
  type        = number
}

variable "timeout_s" {
  description = "Seconds after which an invocation is ended."
  type        = number
}

variable "reserved_concurrency" {
  description = "Concurrent executions reserved for, and allowed to, this function; -1 for the account's pool."
  type        = number
  default     = -1
}

variable "environment" {
  description = "Environment variables; LOG_LEVEL among them."
  type        = map(string)
}

variable "policy" {
  description = "What the function may do beyond logging and tracing, as a policy document; null for nothing."
  type        = string
  default     = null
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
  description = "Own KMS key for the log group; null for CloudWatch's."
  type        = string
  default     = null
}

variable "snap_start" {
  description = "Whether published versions start from a snapshot."
  type        = bool
  default     = false
}

variable "network" {
  description = "Subnets and security group to join; null for none."
  type        = object({ subnet_ids = list(string), security_group_id = string })
  default     = null
}
