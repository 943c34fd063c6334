# One package, two functions: their time-outs, retries and instances differ. agency is what the platform acts with,
# app_agency what the code does.

locals {
  environment = jsonencode({
    JMS_SYNC_CONFIG = "obs://${local.config_bucket}/${var.config_object}?region=${var.region}"
    JMS_SYNC_STATE  = "obs://${local.state_bucket}/${var.state_prefix}?region=${var.region}"
  })
}

resource "huaweicloud_obs_bucket_object" "package" {
  bucket = huaweicloud_obs_bucket.config.bucket
  key    = "packages/functiongraph-${filesha256(var.package)}.zip"
  source = var.package
}

resource "huaweicloud_fgs_function" "timer" {
  region           = var.region
  name             = "${var.prefix}-timer"
  description      = "Synchronises the instances of all clouds into JumpServer"
  app              = "default"
  agency           = huaweicloud_identity_agency.platform.name
  app_agency       = huaweicloud_identity_agency.function.name
  runtime          = "Custom"
  handler          = "bootstrap"
  code_type        = "obs"
  code_url         = "https://${huaweicloud_obs_bucket.config.bucket_domain_name}/${huaweicloud_obs_bucket_object.package.key}"
  timeout          = 300
  memory_size      = 512
  max_instance_num = var.timer_instances
  user_data        = local.environment
  enable_lts_log   = true
  log_group_id     = huaweicloud_lts_group.functions.id
  log_group_name   = huaweicloud_lts_group.functions.group_name
  log_stream_id    = huaweicloud_lts_stream.functions["timer"].id
  log_stream_name  = huaweicloud_lts_stream.functions["timer"].stream_name
}

resource "huaweicloud_fgs_function" "event" {
  region      = var.region
  name        = "${var.prefix}-event"
  description = "Opens new instances in JumpServer and closes released ones within seconds"
  app         = "default"
  agency      = huaweicloud_identity_agency.platform.name
  app_agency  = huaweicloud_identity_agency.function.name
  runtime     = "Custom"
  handler     = "bootstrap"
  code_type   = "obs"
  code_url    = "https://${huaweicloud_obs_bucket.config.bucket_domain_name}/${huaweicloud_obs_bucket_object.package.key}"
  timeout     = 120
  memory_size = 512
  user_data   = local.environment

  enable_lts_log  = true
  log_group_id    = huaweicloud_lts_group.functions.id
  log_group_name  = huaweicloud_lts_group.functions.group_name
  log_stream_id   = huaweicloud_lts_stream.functions["event"].id
  log_stream_name = huaweicloud_lts_stream.functions["event"].stream_name
}

resource "huaweicloud_fgs_async_invoke_configuration" "timer" {
  region                         = var.region
  function_urn                   = huaweicloud_fgs_function.timer.urn
  max_async_retry_attempts       = 1
  max_async_event_age_in_seconds = 600

  on_failure {
    destination = "SMN"
    param       = jsonencode({ topic_urn = huaweicloud_smn_topic.failures.topic_urn })
  }
}

resource "huaweicloud_fgs_async_invoke_configuration" "event" {
  region                         = var.region
  function_urn                   = huaweicloud_fgs_function.event.urn
  max_async_retry_attempts       = 3
  max_async_event_age_in_seconds = 3600

  on_failure {
    destination = "SMN"
    param       = jsonencode({ topic_urn = huaweicloud_smn_topic.failures.topic_urn })
  }
}

resource "huaweicloud_fgs_function_trigger" "timer" {
  region       = var.region
  function_urn = huaweicloud_fgs_function.timer.urn
  type         = "TIMER"
  event_data = jsonencode({
    name           = "every-5-minutes"
    schedule_type  = "Cron"
    schedule       = var.cron
    user_event     = ""
    sync_execution = false
  })
}

# Cloud Trace Service must be on in the console. Operations are written service:resource:one;two;three, at most ten of
# them for a service.
resource "huaweicloud_fgs_function_trigger" "event" {
  region       = var.region
  function_urn = huaweicloud_fgs_function.event.urn
  type         = "CTS"
  event_data   = file("${path.module}/events/cts.json")
}
