variable "name" {
  description = "Name prefix of the environment."
  type        = string
}

variable "stream_arn" {
  description = "Stream of the orders table."
  type        = string
}

variable "functions" {
  description = "The publisher (stream) and the consumers (fulfilment, notifications, webhooks)."
  type        = map(object({ function_name = string, version = string }))
}

variable "consumer_timeout_s" {
  description = "Seconds that a consumer may take for a batch."
  type        = number
}

variable "consumers_at_once" {
  description = "Invocations of one consumer that run at once at most."
  type        = number
}

variable "archive_days" {
  description = "Days for which events can be replayed."
  type        = number
}

variable "kms_key_arn" {
  description = "KMS key of the topic; the rule must be allowed to use it."
  type        = string
}
