# The web application firewall in front of the stage.

locals {
  # In this order; the rate rule comes last. A rule named under `count` is counted instead of blocking.
  managed_rules = {
    AWSManagedRulesAmazonIpReputationList = { priority = 0, count = [] }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 1, count = [] }
    AWSManagedRulesCommonRuleSet          = { priority = 2, count = ["SizeRestrictions_BODY"] } # blocks from 8 KB; an order may have 256
  }
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV_AWS_192: AWSManagedRulesKnownBadInputsRuleSet, in the table above, blocks Log4j lookups
  name        = var.name
  description = "Managed rules and a rate for each address"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.managed_rules
    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          dynamic "rule_action_override" {
            for_each = rule.value.count
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        metric_name                = "${var.name}-${rule.key}"
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  rule {
    name     = "rate"
    priority = length(local.managed_rules)

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        limit                 = var.requests_per_5_minutes
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      metric_name                = "${var.name}-rate"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    metric_name                = var.name
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  resource_arn = var.stage_arn
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158: an own key is a setting of each environment; without it CloudWatch encrypts with its own
  #checkov:skip=CKV_AWS_338: retention is a setting of each environment; a year of logs is not wanted in dev
  name              = "aws-waf-logs-${var.name}" # WAF accepts no other prefix
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  dynamic "redacted_fields" {
    for_each = ["authorization", "x-api-key"]
    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  # Words that are searched for are names and addresses.
  redacted_fields {
    query_string {}
  }

  # What was let through is in the access log already.
  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }
}
