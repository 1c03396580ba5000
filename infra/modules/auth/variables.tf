variable "name" {
  description = "Name of the user pool."
  type        = string
}

variable "domain_prefix" {
  description = "Prefix of the sign-in domain; unique among all accounts of the region."
  type        = string
}

variable "feature_plan" {
  description = "LITE, ESSENTIALS or PLUS; PLUS also blocks compromised passwords and risky sign-ins."
  type        = string
}

variable "mfa" {
  description = "OFF, OPTIONAL or ON: a second factor from an authenticator app."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the pool refuses to be deleted."
  type        = bool
}

variable "email" {
  description = "Verified SES identity to send from; null for Cognito's own sender, which stops at 50 messages a day."
  type        = object({ sender = string, identity_arn = string })
  default     = null
}
