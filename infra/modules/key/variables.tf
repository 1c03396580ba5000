variable "name" {
  description = "Name prefix of the environment, for example orders-api-dev."
  type        = string
}
