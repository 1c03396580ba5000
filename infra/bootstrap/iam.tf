# Roles that GitHub's workflows take on by OIDC, without a stored key. For each environment:
#   plan    may read how things are set up, and the state; never orders, users or messages
#   deploy  may change what bears the environment's name, and give roles at most what the boundary allows
# Neither is named orders-api-{environment}-…, so neither can change itself.

locals {
  issuer       = "token.actions.githubusercontent.com"
  provider_arn = var.github_provider_arn == null ? aws_iam_openid_connect_provider.github[0].arn : var.github_provider_arn

  # GitHub names a repository with or without the ids of its owner and itself, by its age and settings:
  # https://docs.github.com/en/actions/reference/security/oidc. Both forms are accepted where the ids are known.
  repository_names = distinct([replace(var.repository, "/@[0-9]+/", ""), var.repository])

  # Which of the repository's workflows may take on a role. A pull request may take on none: its code is not reviewed yet.
  subjects = {
    for environment in var.environments : environment => {
      plan   = ["ref:refs/heads/main"]
      deploy = ["environment:${environment}"]
    }
  }

  roles = merge([for environment in var.environments : {
    for kind in ["plan", "deploy"] : "${environment}-${kind}" => { environment = environment, kind = kind }
  }]...)
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [for pair in setproduct(local.repository_names, local.subjects[each.value.environment][each.value.kind]) : "repo:${pair[0]}:${pair[1]}"]
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = local.roles

  name                 = "github-orders-api-${each.key}"
  description          = "${title(each.value.kind)} of ${each.value.environment}, by workflows of ${var.repository}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
}

# --- What both may read ---

resource "aws_iam_policy" "read" {
  name   = "github-orders-api-read"
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = local.roles

  role       = aws_iam_role.github[each.key].name
  policy_arn = aws_iam_policy.read.arn
}

data "aws_iam_policy_document" "read" {
  #checkov:skip=CKV_AWS_356: most of these list, and a listing has no resource to name; none of them reads data
  statement {
    sid = "HowThingsAreSetUp"
    actions = [
      "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource",
      "budgets:ListTagsForResource", "budgets:ViewBudget",
      "cloudfront:Get*", "cloudfront:List*",
      "cloudwatch:Describe*", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
      "codedeploy:Get*", "codedeploy:List*",
      "cognito-idp:Describe*", "cognito-idp:GetGroup", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:ListTagsForResource",
      "dax:Describe*", "dax:ListTags",
      "dynamodb:Describe*", "dynamodb:ListTagsOfResource",
      "ec2:Describe*",
      "elasticache:Describe*", "elasticache:ListTagsForResource",
      "events:Describe*", "events:List*",
      "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
      "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
      "lambda:Get*", "lambda:List*",
      "logs:Describe*", "logs:ListTagsForResource",
      "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListTagsForResource",
      "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource",
      "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
      "wafv2:Get*", "wafv2:List*",
      "xray:GetGroup", "xray:GetSamplingRules", "xray:ListTagsForResource",
    ]
    resources = ["*"]
  }

  statement {
    sid     = "Gateway"
    actions = ["apigateway:GET"]
    resources = [for path in ["domainnames", "restapis", "usageplans"] :
      "arn:${local.partition}:apigateway:${var.region}::/${path}*"
    ]
  }

  # Whoever reads an API key may use it, so other projects' keys in the account stay out of sight.
  statement {
    sid       = "ApiKeys"
    actions   = ["apigateway:GET"]
    resources = ["arn:${local.partition}:apigateway:${var.region}::/apikeys/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/project"
      values   = ["orders-api"]
    }
  }

  statement {
    sid       = "FilesOfTheConsole"
    actions   = ["s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::orders-api-*-console-${local.account_id}", "arn:${local.partition}:s3:::orders-api-*-console-${local.account_id}/*"]
  }
}

# --- The state: each environment its own, and only a deployment writes it ---

resource "aws_iam_role_policy" "state" {
  for_each = local.roles

  name   = "state"
  role   = aws_iam_role.github[each.key].id
  policy = data.aws_iam_policy_document.state[each.key].json
}

data "aws_iam_policy_document" "state" {
  for_each = local.roles

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.state.arn}/${each.value.environment}/*"]
  }

  # Without a condition on the prefix: S3 answers 403 instead of 404 for a state that is not there yet, unless the
  # caller may list the bucket, and reading an object has no prefix to compare.
  statement {
    sid       = "Find"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.state.arn]
  }

  # What one job has planned, another applies once it is approved.
  statement {
    sid       = each.value.kind == "plan" ? "KeepPlan" : "FetchPlan"
    actions   = [each.value.kind == "plan" ? "s3:PutObject" : "s3:GetObject"]
    resources = ["${aws_s3_bucket.state.arn}/plans/${each.value.environment}/*"]
  }

  dynamic "statement" {
    for_each = each.value.kind == "deploy" ? ["${aws_s3_bucket.state.arn}/${each.value.environment}/terraform.tfstate"] : []
    content {
      sid       = "Write"
      actions   = ["s3:PutObject"]
      resources = [statement.value, "${statement.value}.tflock"]
    }
  }

  dynamic "statement" {
    for_each = each.value.kind == "deploy" ? ["${aws_s3_bucket.state.arn}/${each.value.environment}/terraform.tfstate"] : []
    content {
      sid       = "Unlock"
      actions   = ["s3:DeleteObject"]
      resources = ["${statement.value}.tflock"]
    }
  }
}
