# What a deployment may change: what bears the environment's name. Where AWS names things by random ids
# (APIs, user pools, keys, distributions, networks), an account for each environment is the fence.

locals {
  # environment => part => what it is => the actions, and on what
  deploy = { for environment in var.environments : environment => {
    roles = {
      GiveRoles = {
        actions    = ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]
        resources  = ["arn:${local.partition}:iam::${local.account_id}:role/orders-api-${environment}-*"]
        conditions = { "iam:PermissionsBoundary" = ["arn:${local.partition}:iam::${local.account_id}:policy/orders-api-${environment}-boundary"] }
      }
      TendRoles = {
        actions    = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"]
        resources  = ["arn:${local.partition}:iam::${local.account_id}:role/orders-api-${environment}-*"]
        conditions = {}
      }
      HandRolesToServices = {
        actions    = ["iam:PassRole"]
        resources  = ["arn:${local.partition}:iam::${local.account_id}:role/orders-api-${environment}-*"]
        conditions = { "iam:PassedToService" = ["codedeploy.amazonaws.com", "dax.amazonaws.com", "lambda.amazonaws.com", "vpc-flow-logs.amazonaws.com"] }
      }
      LetServicesHaveTheirs = {
        actions    = ["iam:CreateServiceLinkedRole"]
        resources  = ["arn:${local.partition}:iam::${local.account_id}:role/aws-service-role/*"]
        conditions = { "iam:AWSServiceName" = ["dax.amazonaws.com", "elasticache.amazonaws.com", "email.cognito-idp.amazonaws.com", "lambda.application-autoscaling.amazonaws.com", "ops.apigateway.amazonaws.com", "wafv2.amazonaws.com"] }
      }
    }

    compute = {
      Functions = {
        actions = [
          "lambda:AddPermission", "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias", "lambda:DeleteFunction",
          "lambda:DeleteFunctionConcurrency", "lambda:DeleteProvisionedConcurrencyConfig", "lambda:PublishVersion", "lambda:PutFunctionConcurrency",
          "lambda:PutProvisionedConcurrencyConfig", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource",
          "lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        ]
        resources  = ["arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:orders-api-${environment}-*"]
        conditions = {}
      }
      TagEventSources = {
        actions    = ["lambda:TagResource", "lambda:UntagResource"]
        resources  = ["arn:${local.partition}:lambda:${var.region}:${local.account_id}:event-source-mapping:*"]
        conditions = {}
      }
      MapEventSources = {
        actions    = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
        resources  = ["*"]
        conditions = { "lambda:FunctionArn" = ["arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:orders-api-${environment}-*"] }
      }
      Deployments = {
        actions = [
          "codedeploy:Create*", "codedeploy:Delete*", "codedeploy:RegisterApplicationRevision",
          "codedeploy:TagResource", "codedeploy:UntagResource", "codedeploy:Update*",
        ]
        resources = [
          "arn:${local.partition}:codedeploy:${var.region}:${local.account_id}:application:orders-api-${environment}-*",
          "arn:${local.partition}:codedeploy:${var.region}:${local.account_id}:deploymentgroup:orders-api-${environment}-*",
        ]
        conditions = {}
      }
      EndDeployment = {
        actions    = ["codedeploy:StopDeployment"]
        resources  = ["*"] # AWS gives the action no resource
        conditions = {}
      }
      Scaling = {
        actions = [
          "application-autoscaling:Delete*", "application-autoscaling:DeregisterScalableTarget", "application-autoscaling:Put*",
          "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource", "application-autoscaling:UntagResource",
        ]
        resources  = ["arn:${local.partition}:application-autoscaling:${var.region}:${local.account_id}:scalable-target/*"]
        conditions = {}
      }
      Gateway = {
        actions = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:SetWebACL"]
        resources = [for path in ["apikeys", "domainnames", "restapis", "tags", "usageplans"] :
          "arn:${local.partition}:apigateway:${var.region}::/${path}*"
        ]
        conditions = {}
      }
    }

    data = {
      Tables = {
        actions = [
          "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource",
          "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
        ]
        resources  = ["arn:${local.partition}:dynamodb:${var.region}:${local.account_id}:table/orders-api-${environment}-*"]
        conditions = {}
      }
      Users = {
        actions = [
          "cognito-idp:CreateGroup", "cognito-idp:CreateUserPool*", "cognito-idp:DeleteGroup", "cognito-idp:DeleteUserPool*",
          "cognito-idp:SetUserPoolMfaConfig", "cognito-idp:TagResource", "cognito-idp:UntagResource", "cognito-idp:UpdateGroup", "cognito-idp:UpdateUserPool*",
        ]
        resources  = ["arn:${local.partition}:cognito-idp:${var.region}:${local.account_id}:userpool/*"]
        conditions = {}
      }
      NewUserPool = {
        actions    = ["cognito-idp:CreateUserPool"]
        resources  = ["*"] # has no resource yet
        conditions = {}
      }
      # A key is made with its tags, so tagging is asked for before the key bears any.
      NewKey = {
        actions    = ["kms:CreateKey", "kms:TagResource"]
        resources  = ["*"] # has no resource yet
        conditions = { "aws:RequestTag/environment" = [environment] }
      }
      Keys = {
        actions = [
          "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:Encrypt", "kms:GenerateDataKey*",
          "kms:PutKeyPolicy", "kms:ReEncrypt*", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        resources  = ["arn:${local.partition}:kms:${var.region}:${local.account_id}:key/*"]
        conditions = { "aws:ResourceTag/environment" = [environment] }
      }
      Aliases = {
        actions    = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
        resources  = ["arn:${local.partition}:kms:${var.region}:${local.account_id}:alias/orders-api-${environment}"]
        conditions = {}
      }
      Console = {
        actions    = ["s3:CreateBucket", "s3:DeleteBucket*", "s3:DeleteObject*", "s3:List*", "s3:Put*", "s3:TagResource", "s3:UntagResource"]
        resources  = ["arn:${local.partition}:s3:::orders-api-${environment}-console-*"]
        conditions = {}
      }
      Distribution = {
        actions = [
          "cloudfront:Create*", "cloudfront:Delete*", "cloudfront:TagResource", "cloudfront:UntagResource", "cloudfront:Update*",
        ]
        resources = [for kind in ["distribution", "origin-access-control", "response-headers-policy"] :
          "arn:${local.partition}:cloudfront::${local.account_id}:${kind}/*"
        ]
        conditions = {}
      }
      NewDistribution = {
        actions    = ["cloudfront:CreateOriginAccessControl"]
        resources  = ["*"] # AWS gives the action no resource
        conditions = {}
      }
      Firewall = {
        actions = [
          "wafv2:AssociateWebACL", "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL", "wafv2:DisassociateWebACL",
          "wafv2:PutLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource", "wafv2:UpdateWebACL",
        ]
        resources = [
          "arn:${local.partition}:apigateway:${var.region}::/restapis/*/stages/${environment}",
          "arn:${local.partition}:wafv2:${var.region}:${local.account_id}:regional/managedruleset/*",
          "arn:${local.partition}:wafv2:${var.region}:${local.account_id}:regional/webacl/orders-api-${environment}/*",
        ]
        conditions = {}
      }
    }

    events = {
      Bus = {
        actions = [
          "events:CreateArchive", "events:CreateEventBus", "events:DeleteArchive", "events:DeleteEventBus", "events:DeleteRule", "events:PutRule",
          "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource", "events:UpdateArchive", "events:UpdateEventBus",
        ]
        resources = [
          "arn:${local.partition}:events:${var.region}:${local.account_id}:archive/orders-api-${environment}",
          "arn:${local.partition}:events:${var.region}:${local.account_id}:event-bus/orders-api-${environment}",
          "arn:${local.partition}:events:${var.region}:${local.account_id}:rule/orders-api-${environment}/*",
        ]
        conditions = {}
      }
      Topics = {
        actions    = ["sns:CreateTopic", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:UntagResource"]
        resources  = ["arn:${local.partition}:sns:${var.region}:${local.account_id}:orders-api-${environment}-*"]
        conditions = {}
      }
      Subscriptions = {
        actions    = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
        resources  = ["*"] # AWS gives these actions no resource
        conditions = {}
      }
      Queues = {
        actions    = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
        resources  = ["arn:${local.partition}:sqs:${var.region}:${local.account_id}:orders-api-${environment}-*"]
        conditions = {}
      }
    }

    observability = {
      Logs = {
        actions = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DisassociateKmsKey", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"]
        resources = [for name in [
          "/aws/apigateway/orders-api-${environment}", "/aws/lambda/orders-api-${environment}-*", "/aws/vpc/orders-api-${environment}",
          "API-Gateway-Execution-Logs_*/${environment}", "aws-waf-logs-orders-api-${environment}",
        ] : "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${name}*"]
        conditions = {}
      }
      LogDelivery = {
        actions    = ["logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery"]
        resources  = ["*"] # API Gateway and WAF set up their delivery without a resource to name
        conditions = {}
      }
      Alarms = {
        actions = ["cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
        resources = [
          "arn:${local.partition}:cloudwatch:${var.region}:${local.account_id}:alarm:orders-api-${environment}-*",
          "arn:${local.partition}:cloudwatch::${local.account_id}:dashboard/orders-api-${environment}",
        ]
        conditions = {}
      }
      Traces = {
        actions = ["xray:CreateGroup", "xray:CreateSamplingRule", "xray:DeleteGroup", "xray:DeleteSamplingRule", "xray:TagResource", "xray:UntagResource", "xray:UpdateGroup", "xray:UpdateSamplingRule"]
        resources = [
          "arn:${local.partition}:xray:${var.region}:${local.account_id}:group/orders-api-${environment}/*",
          "arn:${local.partition}:xray:${var.region}:${local.account_id}:sampling-rule/orders-api-${environment}",
        ]
        conditions = {}
      }
      Budget = {
        actions    = ["budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"]
        resources  = ["arn:${local.partition}:budgets::${local.account_id}:budget/orders-api-${environment}"]
        conditions = {}
      }
    }

    network = {
      Network = {
        actions = [
          "ec2:AssociateRouteTable", "ec2:AuthorizeSecurityGroup*", "ec2:CreateFlowLogs", "ec2:CreateNetworkInterface", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup",
          "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:DeleteFlowLogs", "ec2:DeleteNetworkInterface", "ec2:DeleteRouteTable",
          "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DisassociateRouteTable",
          "ec2:ModifySecurityGroupRules", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:RevokeSecurityGroup*",
        ]
        resources  = ["arn:${local.partition}:ec2:${var.region}:${local.account_id}:*"]
        conditions = {}
      }
      SubnetGroups = {
        actions    = ["dax:CreateSubnetGroup", "dax:DeleteSubnetGroup", "dax:UpdateSubnetGroup"]
        resources  = ["*"] # AWS gives these actions no resource
        conditions = {}
      }
      Caches = {
        actions = [
          "dax:CreateCluster", "dax:DeleteCluster", "dax:IncreaseReplicationFactor",
          "dax:DecreaseReplicationFactor", "dax:TagResource", "dax:UntagResource", "dax:UpdateCluster",
          "elasticache:AddTagsToResource", "elasticache:CreateServerlessCache", "elasticache:DeleteServerlessCache",
          "elasticache:ModifyServerlessCache", "elasticache:RemoveTagsFromResource",
        ]
        resources = [
          "arn:${local.partition}:dax:${var.region}:${local.account_id}:*",
          "arn:${local.partition}:elasticache:${var.region}:${local.account_id}:serverlesscache:orders-api-${environment}",
        ]
        conditions = {}
      }
    }
  } }

  deploy_parts = merge([for environment, parts in local.deploy : { for part, statements in parts : "${environment}-${part}" => {
    environment = environment, statements = statements
  } }]...)
}

data "aws_iam_policy_document" "deploy" {
  #checkov:skip=CKV_AWS_111: said beside each "*" above
  #checkov:skip=CKV_AWS_356: said beside each "*" above
  for_each = local.deploy_parts

  dynamic "statement" {
    for_each = each.value.statements
    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.conditions
        content {
          test     = "StringLike"
          variable = condition.key
          values   = condition.value
        }
      }
    }
  }
}

resource "aws_iam_policy" "deploy" {
  for_each = local.deploy_parts

  name   = "github-orders-api-${each.key}"
  policy = data.aws_iam_policy_document.deploy[each.key].json
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.deploy_parts

  role       = aws_iam_role.github["${each.value.environment}-deploy"].name
  policy_arn = aws_iam_policy.deploy[each.key].arn
}
