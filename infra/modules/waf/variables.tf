variable "name" {
  description = "Name of the web ACL and of its metrics."
  type        = string
}

variable "stage_arn" {
  description = "The API stage to stand in front of."
  type        = string
}

variable "requests_per_5_minutes" {
  description = "Requests that one address may send in five minutes."
  type        = number
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
