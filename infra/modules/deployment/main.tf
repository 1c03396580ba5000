# Blue/green for one function: Terraform owns that the alias exists, CodeDeploy owns where it points.

locals {
  configurations = {
    canary      = "CodeDeployDefault.LambdaCanary10Percent15Minutes"
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
  }

  # The version that was published last is the one that the next deployment shifts traffic to.
  new_version = {
    FunctionName    = var.function.function_name
    Resource        = "${var.function.function_name}:${aws_lambda_alias.live.name}"
    ExecutedVersion = var.function.version
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What clients are served by"
  function_name    = var.function.function_name
  function_version = var.function.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_codedeploy_app" "this" {
  name             = var.function.function_name
  compute_platform = "Lambda"
}

resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = aws_lambda_alias.live.name
  deployment_config_name = local.configurations[var.strategy]
  service_role_arn       = aws_iam_role.this.arn

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  alarm_configuration {
    enabled = true
    alarms = concat(
      [aws_cloudwatch_metric_alarm.errors.alarm_name, aws_cloudwatch_metric_alarm.duration.alarm_name],
      var.rollback_alarms,
    )
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.function.function_name}-new-version-errors"
  alarm_description   = "The version being deployed fails: CodeDeploy rolls back by itself. See docs/operations.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = local.new_version
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  alarm_name          = "${var.function.function_name}-new-version-duration"
  alarm_description   = "The version being deployed is slow: CodeDeploy rolls back by itself. See docs/operations.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = local.new_version
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.slow_ms
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
