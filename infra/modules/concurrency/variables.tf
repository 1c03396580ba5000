variable "alias" {
  description = "The alias to keep warm."
  type        = object({ function_name = string, name = string })
}

variable "minimum" {
  description = "Instances kept warm at least."
  type        = number
}

variable "maximum" {
  description = "Instances kept warm at most."
  type        = number
}

variable "target_utilization" {
  description = "Share of the warm instances that should be busy, 0.1 to 0.9."
  type        = number
}

variable "schedules" {
  description = "Other bounds by the clock: name => when (cron(…) or at(…)), in which time zone, and how many."
  type        = map(object({ schedule = string, timezone = string, minimum = number, maximum = number }))
}
