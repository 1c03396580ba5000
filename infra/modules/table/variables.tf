variable "name" {
  description = "Name of the table."
  type        = string
}

variable "hash_key" {
  description = "Attribute of the partition key."
  type        = string
}

variable "range_key" {
  description = "Attribute of the sort key; null for a table without one."
  type        = string
  default     = null
}

variable "number_keys" {
  description = "Key attributes that are numbers; all others are strings."
  type        = set(string)
  default     = []
}

variable "indexes" {
  description = "Global secondary indexes by name. All attributes are projected, so that a listing reads one place only."
  type        = map(object({ hash_key = string, range_key = string }))
  default     = {}
}

variable "stream" {
  description = "Whether changes are streamed, with the item before and after."
  type        = bool
  default     = false
}

variable "expires_at" {
  description = "Attribute that says when an item is removed, in Unix seconds; null for a table whose items stay."
  type        = string
  default     = null
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted."
  type        = bool
}

variable "kms_key_arn" {
  description = "Own KMS key; null for DynamoDB's."
  type        = string
  default     = null
}
