variable "function" {
  description = "The function to deploy."
  type        = object({ function_name = string, arn = string, version = string })
}

variable "hook_arn" {
  description = "Function that tests the new version before it gets any traffic; the deployment names it."
  type        = string
}

variable "strategy" {
  description = "canary (10 % for fifteen minutes) or all_at_once."
  type        = string
}

variable "slow_ms" {
  description = "p99 duration of the new version, in milliseconds, above which the deployment is rolled back."
  type        = number
}

variable "rollback_alarms" {
  description = "Names of further alarms that roll a deployment back."
  type        = list(string)
}

variable "alarm_topic_arn" {
  description = "Topic that is told of alarms."
  type        = string
}

variable "permissions_boundary_arn" {
  description = "The most that the role may ever do; null for no boundary."
  type        = string
  default     = null
}
