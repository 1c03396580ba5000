# What differs between environments is in environments/{environment}.tfvars; defaults are the cheap and safe choice.

# --- Where and what ---

variable "environment" {
  description = "Which environment this is: part of every name, and the stage of the API."
  type        = string

  validation {
    condition     = contains(["dev", "preprod", "prod"], var.environment)
    error_message = "environment must be dev, preprod or prod; pass -var-file=environments/NAME.tfvars."
  }
}

variable "region" {
  description = "AWS region of everything but CloudFront."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-west-1."
  }
}

variable "artefact_file" {
  description = "The zip that all functions run, as `make package` builds it."
  type        = string
  default     = "../dist/orders-api.zip"

  validation {
    condition     = fileexists(var.artefact_file)
    error_message = "There is no such artefact_file: run `make package` first, or name the zip that another job built."
  }
}

variable "openapi_body_file" {
  description = "The part of the contract that API Gateway imports, a template for its ARNs, as `make package` writes it."
  type        = string
  default     = "../dist/openapi.gateway.json"

  validation {
    condition     = fileexists(var.openapi_body_file)
    error_message = "There is no such openapi_body_file: run `make package` first, or `orders openapi --profile gateway`."
  }
}

variable "console_dir" {
  description = "Folder of the web console's files."
  type        = string
  default     = "../src/orders_host/console"
}

# --- Client ---

variable "console_domain" {
  description = "Domain of the console and its ACM certificate, which must be in us-east-1; null for CloudFront's own domain."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.console_domain == null || can(regex("^arn:aws[^:]*:acm:us-east-1:", var.console_domain.certificate_arn))
    error_message = "console_domain.certificate_arn must be of a certificate in us-east-1: CloudFront reads no other region."
  }
}

variable "cors_allow_origin" {
  description = "Origin whose pages may read answers of the API; * is safe with bearer tokens, the console's URL is stricter."
  type        = string
  default     = "*"

  validation {
    condition     = var.cors_allow_origin == "*" || can(regex("^https://[^/]+$", var.cors_allow_origin))
    error_message = "cors_allow_origin must be * or an origin such as https://console.example.com, without a path or a slash at the end."
  }
}

# --- API Gateway ---

variable "throttling" {
  description = "Requests a second, and at once, that each method accepts over all callers."
  type        = object({ rate = number, burst = number })
  default     = { rate = 100, burst = 200 }

  validation {
    condition     = var.throttling.rate > 0 && var.throttling.burst >= var.throttling.rate
    error_message = "throttling.rate must be above 0 and throttling.burst not below it, or a second's requests could never come at once."
  }
}

variable "usage_plans" {
  description = "What the API keys of each plan allow, and the labels of its keys. Rotate a key by adding a label, and later removing the old one."
  type        = map(object({ rate = number, burst = number, quota_per_day = number, keys = set(string) }))
  default = {
    basic   = { rate = 50, burst = 100, quota_per_day = 100000, keys = ["default", "console"] }
    premium = { rate = 250, burst = 500, quota_per_day = 5000000, keys = ["default"] }
  }

  validation {
    condition     = can(var.usage_plans.basic) && can(var.usage_plans.premium) && contains(try(var.usage_plans.basic.keys, []), "console")
    error_message = "usage_plans must have the plans basic and premium, and basic the key \"console\", which the web console sends."
  }

  validation {
    condition     = alltrue([for plan in values(var.usage_plans) : plan.rate > 0 && plan.burst > 0 && plan.quota_per_day > 0])
    error_message = "rate, burst and quota_per_day of each usage plan must be above 0; leave a plan out to close it."
  }
}

variable "api_cache" {
  description = "Response cache for GET of one order: size in GB and lifetime in seconds, during which a caller may be shown its order as it was; null for none."
  type        = object({ size_gb = string, ttl_s = number })
  default     = null

  validation {
    condition     = var.api_cache == null || contains(["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"], try(var.api_cache.size_gb, ""))
    error_message = "api_cache.size_gb must be a size that API Gateway has: 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237."
  }

  validation {
    condition     = var.api_cache == null || try(var.api_cache.ttl_s >= 1 && var.api_cache.ttl_s <= 3600, false)
    error_message = "api_cache.ttl_s must be between 1 and 3600 seconds; use null for no cache."
  }
}

variable "api_domain" {
  description = "Domain of the API and its ACM certificate, in the API's region; null for API Gateway's own domain."
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = var.api_domain == null || can(regex("^arn:aws[^:]*:acm:${var.region}:", var.api_domain.certificate_arn))
    error_message = "api_domain.certificate_arn must be of a certificate in the API's own region."
  }
}

variable "waf" {
  description = "Web application firewall: requests that one address may send in five minutes; null for none."
  type        = object({ requests_per_5_minutes = number })
  default     = null

  validation {
    condition     = var.waf == null || try(var.waf.requests_per_5_minutes >= 10, false)
    error_message = "waf.requests_per_5_minutes must be at least 10, the least that WAF can count; use null for no firewall."
  }
}

# --- Cognito ---

variable "cognito_feature_plan" {
  description = "LITE, ESSENTIALS or PLUS. PLUS also stops compromised passwords and risky sign-ins, and has no free users."
  type        = string
  default     = "ESSENTIALS"

  validation {
    condition     = contains(["LITE", "ESSENTIALS", "PLUS"], var.cognito_feature_plan)
    error_message = "cognito_feature_plan must be LITE, ESSENTIALS or PLUS."
  }
}

variable "mfa" {
  description = "Second factor from an authenticator app: OFF, OPTIONAL or ON."
  type        = string
  default     = "OPTIONAL"

  validation {
    condition     = contains(["OFF", "OPTIONAL", "ON"], var.mfa)
    error_message = "mfa must be OFF, OPTIONAL or ON."
  }
}

variable "email" {
  description = "Verified SES identity from which Cognito and the notifications write. Null: Cognito writes by itself, 50 messages a day, and customers are not notified."
  type        = object({ sender = string, identity_arn = string })
  default     = null

  validation {
    condition     = var.email == null || can(regex("@", var.email.sender)) && can(regex("^arn:aws[^:]*:ses:[^:]+:[0-9]{12}:identity/", var.email.identity_arn))
    error_message = "email.sender must be an address, and email.identity_arn the ARN of its verified SES identity (arn:aws:ses:REGION:ACCOUNT:identity/NAME)."
  }
}

# --- Lambda ---

variable "python_runtime" {
  description = "Lambda runtime of all functions. From python3.12 on the API starts from a snapshot."
  type        = string
  default     = "python3.11"

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13", "python3.14"], var.python_runtime)
    error_message = "python_runtime must be python3.11, python3.12, python3.13 or python3.14; build the artefact for the same version."
  }
}

variable "log_level" {
  description = "Least level that the functions log."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR."
  }
}

variable "api_function" {
  description = "Memory in MB (CPU grows with it), timeout in seconds and reserved instances (-1: the account's pool) of the function that answers."
  type        = object({ memory_mb = optional(number, 512), timeout_s = optional(number, 10), reserved_concurrency = optional(number, -1) })
  default     = {}

  validation {
    condition     = var.api_function.memory_mb >= 128 && var.api_function.memory_mb <= 10240
    error_message = "api_function.memory_mb must be between 128 and 10240."
  }

  validation {
    condition     = var.api_function.timeout_s >= 1 && var.api_function.timeout_s < 29
    error_message = "api_function.timeout_s must be below 29: API Gateway waits no longer, and the function should give up first."
  }

  validation {
    condition     = var.api_function.reserved_concurrency == -1 || var.api_function.reserved_concurrency >= 1
    error_message = "api_function.reserved_concurrency must be at least 1, or -1 for the account's pool; 0 would answer nobody."
  }
}

variable "consumer_function" {
  description = "Memory in MB, timeout in seconds and invocations at once, of each function behind a stream or a queue."
  type        = object({ memory_mb = optional(number, 256), timeout_s = optional(number, 60), at_once = optional(number, 5) })
  default     = {}

  validation {
    condition     = var.consumer_function.memory_mb >= 128 && var.consumer_function.memory_mb <= 10240
    error_message = "consumer_function.memory_mb must be between 128 and 10240."
  }

  validation {
    condition     = var.consumer_function.timeout_s >= 1 && var.consumer_function.timeout_s <= 900
    error_message = "consumer_function.timeout_s must be between 1 and 900."
  }

  validation {
    condition     = var.consumer_function.at_once >= 2 && var.consumer_function.at_once <= 1000
    error_message = "consumer_function.at_once must be between 2 and 1000, which is what a queue can be told."
  }
}

variable "provisioned_concurrency" {
  description = "Instances of the API kept warm, by load (share that should be busy) and by the clock (cron(…)); null for none."
  type = object({
    minimum            = number
    maximum            = number
    target_utilization = optional(number, 0.7)
    schedules          = optional(map(object({ schedule = string, timezone = optional(string, "Europe/Madrid"), minimum = number, maximum = number })), {})
  })
  default = null

  validation {
    condition     = var.provisioned_concurrency == null || try(var.provisioned_concurrency.minimum >= 1 && var.provisioned_concurrency.maximum >= var.provisioned_concurrency.minimum, false)
    error_message = "provisioned_concurrency.minimum must be at least 1 and maximum not below it; use null for no provisioned concurrency."
  }

  validation {
    condition     = var.provisioned_concurrency == null || var.api_function.reserved_concurrency == -1 || try(var.provisioned_concurrency.maximum <= var.api_function.reserved_concurrency, false)
    error_message = "provisioned_concurrency.maximum must not exceed api_function.reserved_concurrency: Lambda warms no more than it may run."
  }

  validation {
    condition     = alltrue([for s in try(values(var.provisioned_concurrency.schedules), []) : s.minimum <= s.maximum && (var.api_function.reserved_concurrency == -1 || s.maximum <= var.api_function.reserved_concurrency)])
    error_message = "In provisioned_concurrency.schedules, maximum must not be below minimum, nor exceed api_function.reserved_concurrency."
  }

  validation {
    condition     = var.provisioned_concurrency == null || try(var.provisioned_concurrency.target_utilization >= 0.1 && var.provisioned_concurrency.target_utilization <= 0.9, false)
    error_message = "provisioned_concurrency.target_utilization must be between 0.1 and 0.9."
  }
}

variable "deployment_strategy" {
  description = "How a new version takes over: canary (10 % of requests for fifteen minutes) or all_at_once."
  type        = string
  default     = "canary"

  validation {
    condition     = contains(["canary", "all_at_once"], var.deployment_strategy)
    error_message = "deployment_strategy must be canary or all_at_once."
  }
}

# --- Caches ---

variable "valkey" {
  description = "ElastiCache Serverless for Valkey in front of the orders: the most it may hold and do; null for none."
  type        = object({ max_gb = optional(number, 1), max_ecpu_per_second = optional(number, 5000) })
  default     = null

  validation {
    condition     = var.valkey == null || try(var.valkey.max_gb >= 1 && var.valkey.max_ecpu_per_second >= 1000, false)
    error_message = "valkey.max_gb must be at least 1 and valkey.max_ecpu_per_second at least 1000, the least that ElastiCache accepts."
  }
}

variable "dax" {
  description = "DynamoDB Accelerator in front of the orders table: type and number of its nodes; null for none."
  type        = object({ node_type = optional(string, "dax.t3.small"), nodes = optional(number, 1) })
  default     = null

  validation {
    condition     = var.dax == null || can(regex("^dax\\.", var.dax.node_type)) && try(var.dax.nodes >= 1 && var.dax.nodes <= 11, false)
    error_message = "dax.node_type must be a DAX node type such as dax.t3.small, and dax.nodes between 1 and 11."
  }
}

variable "network_cidr" {
  description = "Private address range of the network that the caches need."
  type        = string
  default     = "10.40.0.0/24"

  validation {
    condition     = can(cidrsubnet(var.network_cidr, 1, 1)) && try(tonumber(split("/", var.network_cidr)[1]) >= 16 && tonumber(split("/", var.network_cidr)[1]) <= 27, false) && can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.network_cidr))
    error_message = "network_cidr must be a private IPv4 range from /16 to /27, such as 10.40.0.0/24: AWS refuses subnets smaller than /28."
  }
}

# --- DynamoDB ---

variable "point_in_time_recovery" {
  description = "Whether the tables can be restored to any second of the last 35 days."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether the tables and the user pool refuse to be deleted."
  type        = bool
  default     = false
}

variable "own_key" {
  description = "Whether tables and logs are encrypted with the environment's own KMS key rather than one of AWS'."
  type        = bool
  default     = false
}

# --- Events ---

variable "event_epoch" {
  description = "Part of the events' ids after a restore of the orders table: its time in Unix seconds. 0 until then."
  type        = number
  default     = 0

  validation {
    condition     = var.event_epoch >= 0 && floor(var.event_epoch) == var.event_epoch
    error_message = "event_epoch must be the Unix time of the restore, as `date +%s` prints it, or 0."
  }
}

variable "event_archive_days" {
  description = "Days for which events can be replayed."
  type        = number
  default     = 7

  validation {
    condition     = var.event_archive_days >= 1
    error_message = "event_archive_days must be at least 1; 0 would keep every event forever."
  }
}

# --- CloudWatch ---

variable "log_retention_days" {
  description = "Days for which all logs are kept."
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number that CloudWatch has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400 and on; never 0, which is forever."
  }
}

variable "alarm_thresholds" {
  description = "Share of 5xx answers, p99 latency and age of the stream (both in ms) above which an alarm goes off."
  type        = object({ api_5xx_share = optional(number, 0.01), api_p99_ms = optional(number, 1000), stream_age_ms = optional(number, 60000) })
  default     = {}

  validation {
    condition     = var.alarm_thresholds.api_5xx_share > 0 && var.alarm_thresholds.api_5xx_share < 1
    error_message = "alarm_thresholds.api_5xx_share is a share between 0 and 1: 0.01 is one request in a hundred."
  }
}

variable "alarm_emails" {
  description = "Who is written to when an alarm goes off; each address confirms once."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails must be e-mail addresses."
  }
}

variable "require_contacts" {
  description = "Whether alarms, the bill and customers must reach somebody: a plan without alarm_emails, budget and email is refused."
  type        = bool
  default     = false

  validation {
    condition     = !var.require_contacts || length(var.alarm_emails) > 0
    error_message = "alarm_emails must name somebody to write to when an alarm goes off, such as [\"you@example.com\"]: this environment requires it (require_contacts)."
  }

  validation {
    condition     = !var.require_contacts || var.budget != null
    error_message = "budget must be set, such as { monthly_usd = 200, emails = [\"you@example.com\"] }: this environment requires it (require_contacts)."
  }

  validation {
    condition     = !var.require_contacts || var.email != null
    error_message = "email must name a verified sender: Cognito by itself sends 50 messages a day. This environment requires it (require_contacts)."
  }
}

variable "trace_rate" {
  description = "Share of requests that X-Ray traces."
  type        = number
  default     = 0.05

  validation {
    condition     = var.trace_rate >= 0 && var.trace_rate <= 1
    error_message = "trace_rate is a share between 0 and 1: 0.05 is one request in twenty."
  }
}

variable "budget" {
  description = "Monthly budget in USD, and who is told at 80 % of it and when it will not last; null for none."
  type        = object({ monthly_usd = number, emails = set(string) })
  default     = null

  validation {
    condition     = var.budget == null || try(var.budget.monthly_usd > 0 && length(var.budget.emails) > 0, false)
    error_message = "budget.monthly_usd must be above 0 and budget.emails name someone to tell; use null for no budget."
  }
}
