variable "name" {
  description = "Name prefix of the environment."
  type        = string
}

variable "environment" {
  description = "Name of the environment, a dimension of the application's own metrics."
  type        = string
}

variable "region" {
  description = "Region of the metrics."
  type        = string
}

variable "api" {
  description = "Name and stage of the API."
  type        = object({ name = string, stage = string })
}

variable "api_function" {
  description = "Name of the function that answers."
  type        = string
}

variable "api_log_group" {
  description = "Its log group."
  type        = string
}

variable "publisher" {
  description = "Name of the function that publishes changes of orders."
  type        = string
}

variable "tables" {
  description = "Names of all tables, orders among them."
  type        = map(string)
}

variable "orders_indexes" {
  description = "Indexes of the orders table."
  type        = set(string)
}

variable "queues" {
  description = "Names of the queues."
  type        = map(string)
}

variable "dead_letters" {
  description = "Names of the queues that should be empty."
  type        = map(string)
}

variable "user_pool_id" {
  description = "The user pool."
  type        = string
}

variable "client_id" {
  description = "Its app client."
  type        = string
}

variable "cached" {
  description = "Whether there is a Valkey cache to show."
  type        = bool
}

variable "thresholds" {
  description = "Values above which an alarm goes off."
  type        = object({ api_5xx_share = number, api_p99_ms = number, api_concurrency = number, stream_age_ms = number })
}

variable "alarm_emails" {
  description = "Who is written to when an alarm goes off; each confirms once."
  type        = set(string)
}

variable "trace_rate" {
  description = "Share of requests that is traced beyond the first of each second."
  type        = number
}

variable "budget" {
  description = "Monthly budget and who is told at 80 % of it, and when it will not last; null for none."
  type        = object({ monthly_usd = number, emails = set(string) })
}

variable "kms_key_arn" {
  description = "KMS key of the alarm topic; CloudWatch must be allowed to use it."
  type        = string
}
