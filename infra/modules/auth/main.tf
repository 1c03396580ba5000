# Who the callers are: the user pool, its groups, and the client that signs them in.

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  user_pool_tier           = var.feature_plan
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.mfa
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  # Cannot be changed later without losing every user.
  username_configuration {
    case_sensitive = false
  }

  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 7
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  dynamic "software_token_mfa_configuration" {
    for_each = var.mfa == "OFF" ? [] : [true]
    content {
      enabled = software_token_mfa_configuration.value
    }
  }

  dynamic "user_pool_add_ons" {
    for_each = var.feature_plan == "PLUS" ? ["ENFORCED"] : []
    content {
      advanced_security_mode = user_pool_add_ons.value
    }
  }

  dynamic "email_configuration" {
    for_each = var.email[*]
    content {
      email_sending_account = "DEVELOPER"
      from_email_address    = email_configuration.value.sender
      source_arn            = email_configuration.value.identity_arn
    }
  }
}

# What each may do is in src/orders_core/permissions.py; a test compares the names.
resource "aws_cognito_user_group" "this" {
  for_each = {
    support    = "Places and changes orders for customers, decides on returns"
    fulfilment = "Moves orders and records shipments"
    finance    = "Records payments, decides on returns, sees figures and exports"
    admin      = "May do everything"
    staff      = "May do everything, in a shop that does not tell its people apart"
  }

  name         = each.key
  description  = each.value
  user_pool_id = aws_cognito_user_pool.this.id
}

moved {
  from = aws_cognito_user_group.staff
  to   = aws_cognito_user_group.this["staff"]
}

resource "aws_cognito_user_pool_domain" "this" {
  domain       = var.domain_prefix
  user_pool_id = aws_cognito_user_pool.this.id
}

resource "aws_cognito_user_pool_client" "this" {
  name                          = "${var.name}-client"
  user_pool_id                  = aws_cognito_user_pool.this.id
  generate_secret               = false # a browser keeps no secret
  explicit_auth_flows           = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  id_token_validity      = 60
  access_token_validity  = 60
  refresh_token_validity = 30

  token_validity_units {
    id_token      = "minutes"
    access_token  = "minutes"
    refresh_token = "days"
  }
}
