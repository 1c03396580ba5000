variable "name" {
  description = "Name of the queue; its dead letters go to NAME-dead-letters."
  type        = string
}

variable "consumer_timeout_s" {
  description = "Seconds that the consumer may take for a batch."
  type        = number
}

variable "attempts" {
  description = "Deliveries of a message before it is a dead letter."
  type        = number
}
