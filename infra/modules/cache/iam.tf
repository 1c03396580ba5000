data "aws_iam_policy_document" "dax_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["dax.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "dax" {
  statement {
    sid = "ServeThisTable"
    actions = [
      "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query",
    ]
    resources = [var.table_arn, "${var.table_arn}/index/*"]
  }
}

resource "aws_iam_role" "dax" {
  count = var.dax == null ? 0 : 1

  name                 = "${var.name}-dax"
  assume_role_policy   = data.aws_iam_policy_document.dax_trust.json
  permissions_boundary = var.permissions_boundary_arn
}

resource "aws_iam_role_policy" "dax" {
  count = var.dax == null ? 0 : 1

  name   = "serve-this-table"
  role   = aws_iam_role.dax[0].id
  policy = data.aws_iam_policy_document.dax.json
}
