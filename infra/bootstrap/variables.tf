variable "region" {
  description = "AWS region of the state and of the environments."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "repository" {
  description = "GitHub repository that deploys, as owner/name, or as owner@ID/name@ID where its tokens carry ids (repositories made or renamed since July 2026)."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+(/[A-Za-z0-9._-]+|@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$", var.repository))
    error_message = "repository must be owner/name or owner@ID/name@ID, without wildcards, such as example/orders-api or example@123/orders-api@456."
  }
}

variable "environments" {
  description = "Environments in this account. One account each is best; then only its own is named here."
  type        = set(string)
  default     = ["dev", "preprod", "prod"]

  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["dev", "preprod", "prod"])) == 0
    error_message = "environments must be among dev, preprod and prod."
  }
}

variable "github_provider_arn" {
  description = "GitHub's OIDC provider, if the account has it already: there can be one only. Null to make it."
  type        = string
  default     = null

  validation {
    condition     = var.github_provider_arn == null || can(regex(":oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_provider_arn))
    error_message = "github_provider_arn must end with :oidc-provider/token.actions.githubusercontent.com."
  }
}
