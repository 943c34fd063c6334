# The functions as in s.yaml, for those who deploy everything by Terraform (deploy_functions = true).

locals {
  on = var.deploy_functions ? 1 : 0
  environment = {
    JMS_SYNC_CONFIG = "oss://${local.config_bucket}/${var.config_object}?region=${local.region}&endpoint=oss-${local.region}-internal.aliyuncs.com"
    JMS_SYNC_STATE  = "oss://${local.state_bucket}/${var.state_prefix}?region=${local.region}&endpoint=oss-${local.region}-internal.aliyuncs.com"
  }
}

resource "alicloud_oss_bucket_object" "timer" {
  count  = local.on
  bucket = alicloud_oss_bucket.config.bucket
  key    = "packages/fc-timer-${filesha256(var.timer_package)}.zip"
  source = var.timer_package
}

resource "alicloud_oss_bucket_object" "event" {
  count  = local.on
  bucket = alicloud_oss_bucket.config.bucket
  key    = "packages/fc-event-${filesha256(var.event_package)}.zip"
  source = var.event_package
}

resource "alicloud_fcv3_function" "timer" {
  count                 = local.on
  function_name         = "${var.prefix}-timer"
  description           = "Synchronises the instances of all clouds into JumpServer"
  runtime               = "go1"
  handler               = "bootstrap"
  timeout               = 300
  memory_size           = 512
  cpu                   = 0.5
  disk_size             = 512
  internet_access       = true
  role                  = alicloud_ram_role.function.arn
  environment_variables = local.environment

  code {
    oss_bucket_name = alicloud_oss_bucket.config.bucket
    oss_object_name = alicloud_oss_bucket_object.timer[0].key
  }

  log_config {
    project                 = alicloud_log_project.functions.project_name
    logstore                = alicloud_log_store.functions.logstore_name
    enable_request_metrics  = true
    enable_instance_metrics = true
    log_begin_rule          = "None"
  }
}

resource "alicloud_fcv3_function" "event" {
  count                 = local.on
  function_name         = "${var.prefix}-event"
  description           = "Opens new instances in JumpServer and closes released ones within seconds"
  runtime               = "go1"
  handler               = "bootstrap"
  timeout               = 120
  memory_size           = 512
  cpu                   = 0.5
  disk_size             = 512
  internet_access       = true
  role                  = alicloud_ram_role.function.arn
  environment_variables = local.environment

  code {
    oss_bucket_name = alicloud_oss_bucket.config.bucket
    oss_object_name = alicloud_oss_bucket_object.event[0].key
  }

  instance_lifecycle_config {
    pre_stop {
      handler = "bootstrap"
      timeout = 30
    }
  }

  log_config {
    project                 = alicloud_log_project.functions.project_name
    logstore                = alicloud_log_store.functions.logstore_name
    enable_request_metrics  = true
    enable_instance_metrics = true
    log_begin_rule          = "None"
  }
}

resource "alicloud_fcv3_concurrency_config" "timer" {
  count                = local.on
  function_name        = alicloud_fcv3_function.timer[0].function_name
  reserved_concurrency = var.timer_concurrency
}

resource "alicloud_fcv3_async_invoke_config" "timer" {
  count                          = local.on
  function_name                  = alicloud_fcv3_function.timer[0].function_name
  qualifier                      = "LATEST"
  max_async_retry_attempts       = 1
  max_async_event_age_in_seconds = 600

  destination_config {
    on_failure {
      destination = "acs:mns:${local.region}:${local.account}:/topics/${alicloud_message_service_topic.failures.topic_name}/messages"
    }
  }
}

resource "alicloud_fcv3_async_invoke_config" "event" {
  count                          = local.on
  function_name                  = alicloud_fcv3_function.event[0].function_name
  qualifier                      = "LATEST"
  max_async_retry_attempts       = 3
  max_async_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = "acs:mns:${local.region}:${local.account}:/topics/${alicloud_message_service_topic.failures.topic_name}/messages"
    }
  }
}

# The events of s.yaml. Where rules of EventBridge call the function instead (event_rules), there are none.
resource "alicloud_fcv3_trigger" "event" {
  for_each      = var.deploy_functions && !var.event_rules ? toset(["ecs-state", "ecs-calls"]) : toset([])
  function_name = alicloud_fcv3_function.event[0].function_name
  trigger_name  = each.value
  trigger_type  = "eventbridge"
  qualifier     = "LATEST"
  trigger_config = jsonencode({
    triggerEnable          = true
    asyncInvocationType    = true
    eventRuleFilterPattern = trimspace(file("${path.module}/events/${each.value}.json"))
    eventSourceConfig      = { eventSourceType = "Default" }
  })

  depends_on = [alicloud_resource_manager_service_linked_role.event_bridge]
}

resource "alicloud_fcv3_trigger" "timer" {
  count          = local.on
  function_name  = alicloud_fcv3_function.timer[0].function_name
  trigger_name   = "every-5-minutes"
  trigger_type   = "timer"
  qualifier      = "LATEST"
  trigger_config = jsonencode({ cronExpression = var.cron, enable = true, payload = "" })
}
