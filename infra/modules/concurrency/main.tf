# Provisioned concurrency on an alias, that follows the load and the clock.

resource "aws_lambda_provisioned_concurrency_config" "this" {
  function_name                     = var.alias.function_name
  qualifier                         = var.alias.name
  provisioned_concurrent_executions = var.minimum

  lifecycle {
    ignore_changes = [provisioned_concurrent_executions] # scaling owns it from here on
  }
}

resource "terraform_data" "bounds" {
  input = { minimum = var.minimum, maximum = var.maximum }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "lambda"
  scalable_dimension = "lambda:function:ProvisionedConcurrency"
  resource_id        = "function:${var.alias.function_name}:${var.alias.name}"
  min_capacity       = var.minimum
  max_capacity       = var.maximum

  lifecycle {
    ignore_changes       = [min_capacity, max_capacity] # the schedule moves them …
    replace_triggered_by = [terraform_data.bounds]      # … and other bounds start anew
  }

  depends_on = [aws_lambda_provisioned_concurrency_config.this]
}

resource "aws_appautoscaling_policy" "this" {
  name               = "${var.alias.function_name}-utilization"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = var.target_utilization

    predefined_metric_specification {
      predefined_metric_type = "LambdaProvisionedConcurrencyUtilization"
    }
  }

  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this] # it takes its policies with it
  }
}

resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = var.schedules

  name               = "${var.alias.function_name}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.minimum
    max_capacity = each.value.maximum
  }

  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this] # it takes its actions with it
  }
}
