variable "name" {
  description = "Name prefix of the environment."
  type        = string
}

variable "source_dir" {
  description = "Folder of the console's files."
  type        = string
}

variable "contract_file" {
  description = "The contract, openapi.yaml, which the API's page shows."
  type        = string
}

variable "config" {
  description = "What the console reads from /config.json."
  type        = map(string)
}

variable "connects_to" {
  description = "Origins that the console may call."
  type        = list(string)
}

variable "domain" {
  description = "Custom domain and its certificate in us-east-1; null for CloudFront's own."
  type        = object({ name = string, certificate_arn = string })
  default     = null
}
