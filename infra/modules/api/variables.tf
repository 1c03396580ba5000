variable "name" {
  description = "Name of the API, its plans and its keys."
  type        = string
}

variable "stage" {
  description = "Name of the stage."
  type        = string
}

variable "contract_file" {
  description = "The contract as API Gateway imports it, a template. `orders deploy` deploys it when the filled template has changed."
  type        = string
}

variable "contract_values" {
  description = "What the template is filled with."
  type        = map(string)
}

variable "alias" {
  description = "The Lambda alias that answers."
  type        = object({ function_name = string, name = string })
}

variable "throttling" {
  description = "Requests a second, and at once, that each method accepts over all callers."
  type        = object({ rate = number, burst = number })
}

variable "usage_plans" {
  description = "What the keys of a plan allow. A key is named by its plan and its own label."
  type        = map(object({ rate = number, burst = number, quota_per_day = number, keys = set(string) }))
}

variable "cache" {
  description = "Size and lifetime of the response cache; null for none."
  type        = object({ size_gb = string, ttl_s = number })
  default     = null
}

variable "domain" {
  description = "Custom domain and its certificate in this region; null for none."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Own KMS key for the logs; null for CloudWatch's."
  type        = string
  default     = null
}
