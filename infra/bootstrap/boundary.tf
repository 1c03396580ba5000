# The most that any role of an environment may ever do, whatever a deployment writes into it.

data "aws_iam_policy_document" "boundary" {
  #checkov:skip=CKV_AWS_111: said beside each "*" below
  #checkov:skip=CKV_AWS_356: said beside each "*" below
  for_each = var.environments

  statement {
    sid = "Tables"
    actions = [
      "dynamodb:DescribeStream", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:GetRecords",
      "dynamodb:GetShardIterator", "dynamodb:ListStreams", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
    ]
    resources = ["arn:${local.partition}:dynamodb:${var.region}:${local.account_id}:table/orders-api-${each.value}-*"]
  }

  # Orders are never deleted, their tombstones are kept; a webhook goes with its secrets.
  statement {
    sid       = "RemoveWebhooks"
    actions   = ["dynamodb:DeleteItem"]
    resources = ["arn:${local.partition}:dynamodb:${var.region}:${local.account_id}:table/orders-api-${each.value}-webhooks"]
  }

  statement {
    sid       = "Dax"
    actions   = ["dax:GetItem", "dax:PutItem", "dax:Query", "dax:UpdateItem"]
    resources = ["arn:${local.partition}:dax:${var.region}:${local.account_id}:cache/orders-api-${each.value}"]
  }

  statement {
    sid       = "KeyOfTables"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["arn:${local.partition}:kms:${var.region}:${local.account_id}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.region}.amazonaws.com"]
    }
  }

  statement {
    sid = "Events"
    actions = [
      "events:PutEvents", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
    ]
    resources = [
      "arn:${local.partition}:events:${var.region}:${local.account_id}:event-bus/orders-api-${each.value}",
      "arn:${local.partition}:sqs:${var.region}:${local.account_id}:orders-api-${each.value}-*",
    ]
  }

  statement {
    sid       = "CustomersAccounts"
    actions   = ["cognito-idp:AdminDeleteUser", "cognito-idp:AdminDisableUser", "cognito-idp:AdminGetUser", "cognito-idp:AdminUserGlobalSignOut"]
    resources = ["arn:${local.partition}:cognito-idp:${var.region}:${local.account_id}:userpool/*"]
  }

  statement {
    sid       = "WriteToCustomers"
    actions   = ["ses:SendEmail"]
    resources = ["arn:${local.partition}:ses:*:${local.account_id}:identity/*"]
  }

  statement {
    sid = "Deploy"
    actions = [
      "codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus",
      "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:InvokeFunction", "lambda:UpdateAlias",
    ]
    resources = [
      "arn:${local.partition}:codedeploy:${var.region}:${local.account_id}:deploymentgroup:orders-api-${each.value}-*",
      "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:orders-api-${each.value}-*",
    ]
  }

  statement {
    sid     = "Logs"
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [for name in ["/aws/lambda/orders-api-${each.value}-*", "/aws/vpc/orders-api-${each.value}*"] :
      "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${name}"
    ]
  }

  statement {
    sid = "WhatHasNoResourceToName"
    actions = [
      "cloudwatch:DescribeAlarms",
      "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      "logs:DescribeLogGroups", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  for_each = var.environments

  name   = "orders-api-${each.value}-boundary"
  policy = data.aws_iam_policy_document.boundary[each.value].json
}
