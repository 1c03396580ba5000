# What each function may do. Logging and tracing come from modules/function.

locals {
  function_policies = { for name, document in data.aws_iam_policy_document.function : name => document.json }

  table_arns = { for name, table in module.table : name => table.table.arn }
  queue_arns = { for name, queue in module.events.queues : name => queue.arn }

  # function => what it does => the actions, and on what
  permissions = {
    api = {
      ReadAndWriteOrders = {
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"] # a deleted order keeps its id
        resources = [local.table_arns.orders]
      }
      ListOrders = {
        actions   = ["dynamodb:Query"]
        resources = [for index in keys(local.tables.orders.indexes) : "${local.table_arns.orders}/index/${index}"]
      }
      ReadHistoryAndFigures = {
        actions   = ["dynamodb:Query"]
        resources = [local.table_arns.events, local.table_arns.stats]
      }
      EraseFromHistory = {
        actions   = ["dynamodb:UpdateItem"]
        resources = [local.table_arns.events]
      }
      ExportAndEraseAccount = {
        actions   = ["cognito-idp:AdminDeleteUser", "cognito-idp:AdminDisableUser", "cognito-idp:AdminGetUser", "cognito-idp:AdminUserGlobalSignOut"]
        resources = [module.auth.user_pool.arn]
      }
      ManageWebhooks = {
        actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"]
        resources = [local.table_arns.webhooks]
      }
      AskDax = {
        actions   = ["dax:GetItem", "dax:PutItem", "dax:UpdateItem", "dax:Query"]
        resources = var.dax == null ? [] : [module.cache[0].dax_arn]
      }
    }
    stream = {
      ReadStream = {
        actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        resources = ["${local.table_arns.orders}/stream/*"]
      }
      KeepHistoryAndFigures = {
        actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        resources = [local.table_arns.events, local.table_arns.stats]
      }
      Publish = {
        actions   = ["events:PutEvents"]
        resources = [module.events.bus.arn]
      }
      SetFailedBatchAside = {
        actions   = ["sqs:SendMessage"]
        resources = [module.events.dead_letters["unpublished"].arn]
      }
    }
    fulfilment = {
      Consume = {
        actions   = local.consume
        resources = [local.queue_arns.fulfilment]
      }
      HandOverOnce = {
        actions   = ["dynamodb:UpdateItem"]
        resources = [local.table_arns.events]
      }
    }
    notifications = {
      Consume = {
        actions   = local.consume
        resources = [local.queue_arns.notifications]
      }
      MailOnce = {
        actions   = ["dynamodb:UpdateItem"]
        resources = [local.table_arns.events]
      }
      LookUpAddress = {
        actions   = ["cognito-idp:AdminGetUser"]
        resources = [module.auth.user_pool.arn]
      }
      Write = {
        actions   = ["ses:SendEmail"]
        resources = var.email[*].identity_arn
      }
    }
    webhooks = {
      Consume = {
        actions   = concat(local.consume, ["sqs:ChangeMessageVisibility", "sqs:SendMessage"]) # one message for each subscriber, tried again later
        resources = [local.queue_arns.webhooks]
      }
      ReadSubscribersAndDisable = {
        actions   = ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"] # a handful of rows, each event is for any of them
        resources = [local.table_arns.webhooks]
      }
    }
    smoke = {
      CallNewVersion = {
        actions   = ["lambda:InvokeFunction"]
        resources = ["${local.function_arn_prefix}:${local.function_names.api}:*"]
      }
      TellCodeDeploy = {
        actions   = ["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"] # which version it is, and how it did
        resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${local.account_region}:deploymentgroup:${local.function_names.api}/live"]
      }
    }
  }

  consume             = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
  account_region      = "${var.region}:${data.aws_caller_identity.current.account_id}"
  function_arn_prefix = "arn:${data.aws_partition.current.partition}:lambda:${local.account_region}:function"

  # Of these the tables are read or written, so the tables' own key is used, if there is one.
  uses_tables = ["api", "stream", "fulfilment", "notifications", "webhooks"]
}

data "aws_iam_policy_document" "function" {
  for_each = local.permissions

  dynamic "statement" {
    for_each = { for sid, statement in each.value : sid => statement if length(statement.resources) > 0 }
    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = var.own_key && contains(local.uses_tables, each.key) ? [module.key.key.arn] : []
    content {
      sid       = "UseKeyOfTables"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["dynamodb.${var.region}.amazonaws.com"]
      }
    }
  }
}
