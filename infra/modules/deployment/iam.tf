data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codedeploy.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356: DescribeAlarms has no resource to name
  statement {
    sid       = "ShiftTraffic"
    actions   = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"]
    resources = [var.function.arn, "${var.function.arn}:*"]
  }

  statement {
    sid       = "RunHook"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.hook_arn]
  }

  statement {
    sid       = "WatchAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"] # CodeDeploy describes alarms without naming one
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.function.function_name}-deployment"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "this" {
  name   = "shift-traffic"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
