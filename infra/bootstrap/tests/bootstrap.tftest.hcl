# Who may deploy, from where, and how much.  terraform -chdir=infra/bootstrap test

# Applied against a stand-in of the provider. The credentials are no one's: with the real provider nothing could be made.
provider "aws" {
  region     = "eu-west-1"
  access_key = "offline"
  secret_key = "offline"
}

variables {
  repository = "example/orders-api"
}

run "account" {
  assert {
    condition = { for name, trust in data.aws_iam_policy_document.trust : name => flatten([jsondecode(trust.json).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]]) } == {
      dev-deploy     = ["repo:example/orders-api:environment:dev"]
      dev-plan       = ["repo:example/orders-api:ref:refs/heads/main"]
      preprod-deploy = ["repo:example/orders-api:environment:preprod"]
      preprod-plan   = ["repo:example/orders-api:ref:refs/heads/main"]
      prod-deploy    = ["repo:example/orders-api:environment:prod"]
      prod-plan      = ["repo:example/orders-api:ref:refs/heads/main"]
    }
    error_message = "A role must be taken on by its own environment's workflows only, and by no pull request."
  }

  assert {
    condition = alltrue([for policy in concat(values(data.aws_iam_policy_document.deploy)) : alltrue(flatten([for s in jsondecode(policy.json).Statement : [
      for action in flatten([s.Action]) : flatten([s.Resource]) == ["*"] if contains([
        "cloudfront:CreateOriginAccessControl", "codedeploy:StopDeployment", "dax:CreateSubnetGroup", "dax:DeleteSubnetGroup",
        "dax:UpdateSubnetGroup", "kms:CreateKey", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
      ], action)
    ]]))])
    error_message = "Actions that AWS gives no resource type are refused unless they are granted on \"*\"."
  }

  assert {
    condition = alltrue([for environment in var.environments : contains([
      for s in jsondecode(data.aws_iam_policy_document.deploy["${environment}-data"].json).Statement :
      try(s.Condition.StringLike["aws:RequestTag/environment"], "") if contains(flatten([s.Action]), "kms:TagResource")
    ], environment)])
    error_message = "A key is made with its tags: kms:TagResource must be granted by the tag that is asked for."
  }

  assert {
    condition = [for s in jsondecode(data.aws_iam_policy_document.read.json).Statement : try(s.Condition.StringEquals["aws:ResourceTag/project"], "")
    if contains(flatten([s.Action]), "apigateway:GET") && (strcontains(jsonencode(s.Resource), "/apikeys") || contains(flatten([s.Resource]), "*"))] == ["orders-api"]
    error_message = "API keys of other projects in the account must stay out of sight."
  }

  assert {
    condition     = alltrue([for environment in var.environments : strcontains(data.aws_iam_policy_document.deploy["${environment}-roles"].json, "email.cognito-idp.amazonaws.com")])
    error_message = "A user pool that sends by SES needs Cognito's service-linked role."
  }

  assert {
    condition     = alltrue([for state in data.aws_iam_policy_document.state : alltrue([for s in jsondecode(state.json).Statement : try(s.Condition, null) == null if s.Sid == "Find"])])
    error_message = "A state that is not there yet must answer 404, which needs s3:ListBucket without a prefix."
  }

  assert {
    condition     = alltrue([for trust in data.aws_iam_policy_document.trust : jsondecode(trust.json).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"])
    error_message = "A token made for someone else must not be accepted."
  }

  assert {
    condition = alltrue(flatten([for name, state in data.aws_iam_policy_document.state : [for s in jsondecode(state.json).Statement : [for r in flatten([s.Resource]) :
      strcontains(r, "/${local.roles[name].environment}/") || s.Sid == "Find"
    ]]]))
    error_message = "A role must reach the state of its own environment only."
  }

  assert {
    condition = alltrue(flatten([for name, state in data.aws_iam_policy_document.state : [for s in jsondecode(state.json).Statement : [for r in flatten([s.Resource]) :
      endswith(name, "-deploy") || startswith(r, "${aws_s3_bucket.state.arn}/plans/")
    ] if contains(flatten([s.Action]), "s3:PutObject")]]))
    error_message = "Only a deployment may write the state; what plans may write plans."
  }

  assert {
    condition = alltrue(flatten([for s in jsondecode(data.aws_iam_policy_document.read.json).Statement : [for action in flatten([s.Action]) :
      can(regex(":(Batch)?(Get|List|Describe|View)|^apigateway:GET$", action))
    ]]))
    error_message = "To plan, nothing needs to be written."
  }

  assert {
    condition = alltrue([for forbidden in [
      "dynamodb:BatchGet", "dynamodb:Get", "dynamodb:Query", "dynamodb:Scan", "sqs:Receive", "cognito-idp:Admin", "cognito-idp:ListUsers",
      "logs:GetLogEvents", "logs:Filter", "logs:StartQuery", "lambda:Invoke", "s3:Get*", "kms:*",
      ] :
      alltrue([for policy in concat([data.aws_iam_policy_document.read], values(data.aws_iam_policy_document.deploy)) : !strcontains(policy.json, forbidden)])
    ])
    error_message = "No workflow may read orders, users, messages or logs."
  }

  assert {
    condition = alltrue([for environment in var.environments : [for s in jsondecode(data.aws_iam_policy_document.deploy["${environment}-roles"].json).Statement : s.Condition.StringLike["iam:PermissionsBoundary"] if s.Sid == "GiveRoles"] == [
      aws_iam_policy.boundary[environment].arn
    ]])
    error_message = "A deployment may give a role no more than the boundary allows."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : !can(regex("^orders-api-", role.name))])
    error_message = "A deployment may change roles named orders-api-…, so its own must not be one."
  }

  assert {
    condition     = alltrue(flatten([for policy in concat(values(data.aws_iam_policy_document.deploy), values(data.aws_iam_policy_document.boundary), [data.aws_iam_policy_document.read]) : length(jsonencode(jsondecode(policy.json))) <= 6144]))
    error_message = "IAM takes policies of up to 6,144 characters."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_public_access_block.state.restrict_public_buckets
    error_message = "The state must be private, and each version of it kept."
  }

  assert {
    condition     = strcontains(output.backend, "bucket       = \"${output.state_bucket}\"")
    error_message = "The state must be able to move into the bucket."
  }
}

run "one_environment_with_a_provider_that_is_there" {
  variables {
    environments        = ["prod"]
    github_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = keys(output.roles) == ["prod-deploy", "prod-plan"] && length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account of its own has its own environment's roles, and GitHub's provider once."
  }
}

run "repository_with_ids" {
  variables {
    repository   = "example@123456/orders-api@456789"
    environments = ["prod"]
  }

  assert {
    condition = toset(flatten([jsondecode(data.aws_iam_policy_document.trust["prod-deploy"].json).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]])) == toset([
      "repo:example/orders-api:environment:prod", "repo:example@123456/orders-api@456789:environment:prod",
    ])
    error_message = "A repository that is named with its ids must be trusted in both forms, and by exact comparison."
  }
}

run "wrong_values" {
  command = plan

  variables {
    repository          = "example/*"
    environments        = ["production"]
    region              = "Ireland"
    github_provider_arn = "arn:aws:iam::123456789012:oidc-provider/example.com"
  }

  expect_failures = [var.repository, var.environments, var.region, var.github_provider_arn]
}
