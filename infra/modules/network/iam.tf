data "aws_iam_policy_document" "dynamodb" {
  #checkov:skip=CKV_AWS_111: an endpoint's policy only narrows; the roles name the actions
  #checkov:skip=CKV_AWS_283: an endpoint's policy names tables; who may use them is what the roles say
  statement {
    sid       = "OnlyTheseTables"
    actions   = ["dynamodb:*"]
    resources = var.table_arns

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

data "aws_iam_policy_document" "flow_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  #checkov:skip=CKV_AWS_356: said beside the "*" below
  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:*"]
  }

  statement {
    sid       = "FindLog"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"] # asked for all groups at once
  }
}

resource "aws_iam_role" "flow" {
  name                 = "${var.name}-flow-log"
  assume_role_policy   = data.aws_iam_policy_document.flow_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "flow" {
  name   = "write-own-log"
  role   = aws_iam_role.flow.id
  policy = data.aws_iam_policy_document.flow.json
}
