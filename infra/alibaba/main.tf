# What jms-sync needs on Alibaba Cloud before `s deploy`: a role with the least rights, a bucket for the
# configuration and one for state, a log store, and a topic for what failed. The policies are the files of
# policies/, which a test generates from what the program calls.

data "alicloud_account" "current" {}

locals {
  account       = data.alicloud_account.current.id
  region        = var.region
  config_bucket = "${var.prefix}-config-${local.account}"
  state_bucket  = "${var.prefix}-state-${local.account}"
  log_project   = "${var.prefix}-${local.account}"
  log_store     = "functions"
  failure_topic = "${var.prefix}-failures"
}

resource "alicloud_ram_role" "function" {
  role_name                   = var.prefix
  description                 = "jms-sync: reads instances, its configuration and its state"
  assume_role_policy_document = file("${path.module}/policies/trust.json")
}

resource "alicloud_ram_policy" "function" {
  policy_name = var.prefix
  description = "jms-sync: the rights that the program uses, generated from its calls"
  policy_document = templatefile("${path.module}/policies/function.json", {
    config_bucket = local.config_bucket
    config_object = var.config_object
    state_bucket  = local.state_bucket
    state_prefix  = var.state_prefix
    log_project   = local.log_project
    log_store     = local.log_store
    failure_topic = local.failure_topic
  })
}

# EventBridge acts with roles of its own, which an account has once. fc3 makes the same three before it makes triggers.
resource "alicloud_resource_manager_service_linked_role" "event_bridge" {
  for_each     = toset(var.event_bridge_roles)
  service_name = "${each.value}.eventbridge.aliyuncs.com"
}

resource "alicloud_ram_role_policy_attachment" "function" {
  role_name   = alicloud_ram_role.function.role_name
  policy_name = alicloud_ram_policy.function.policy_name
  policy_type = "Custom"
}

# One statement for each role of another account.
resource "alicloud_ram_policy" "member" {
  count           = length(var.member_role_arns)
  policy_name     = "${var.prefix}-member-${count.index}"
  description     = "jms-sync: takes the reading role of another account"
  policy_document = templatefile("${path.module}/policies/assume-role.json", { member_role = var.member_role_arns[count.index] })
}

resource "alicloud_ram_role_policy_attachment" "member" {
  count       = length(var.member_role_arns)
  role_name   = alicloud_ram_role.function.role_name
  policy_name = alicloud_ram_policy.member[count.index].policy_name
  policy_type = "Custom"
}

# The configuration holds keys: older versions help after a mistake, and nobody else may read them.
resource "alicloud_oss_bucket" "config" {
  bucket = local.config_bucket

  versioning {
    status = "Enabled"
  }

  server_side_encryption_rule {
    sse_algorithm = "AES256"
  }

  lifecycle_rule {
    id      = "old-versions"
    prefix  = ""
    enabled = true

    noncurrent_version_expiration {
      days = 90
    }
  }
}

# No versioning: OSS ignores "forbid to overwrite" where there is (or was) versioning, and then there is no
# lease, no shared budget and no shared card.
resource "alicloud_oss_bucket" "state" {
  bucket = local.state_bucket

  server_side_encryption_rule {
    sse_algorithm = "AES256"
  }
}

resource "alicloud_oss_bucket_acl" "config" {
  bucket = alicloud_oss_bucket.config.bucket
  acl    = "private"
}

resource "alicloud_oss_bucket_acl" "state" {
  bucket = alicloud_oss_bucket.state.bucket
  acl    = "private"
}

resource "alicloud_oss_bucket_public_access_block" "config" {
  bucket              = alicloud_oss_bucket.config.bucket
  block_public_access = true
}

resource "alicloud_oss_bucket_public_access_block" "state" {
  bucket              = alicloud_oss_bucket.state.bucket
  block_public_access = true
}

resource "alicloud_log_project" "functions" {
  project_name = local.log_project
  description  = "Logs of jms-sync"
}

resource "alicloud_log_store" "functions" {
  project_name     = alicloud_log_project.functions.project_name
  logstore_name    = local.log_store
  retention_period = 180
}

resource "alicloud_log_store_index" "functions" {
  project  = alicloud_log_project.functions.project_name
  logstore = alicloud_log_store.functions.logstore_name

  full_text {
    case_sensitive = false
    token          = " ,;=()[]{}?@&<>/:\n\t\r"
  }
}

# Where asynchronous invocations go that failed for good. Subscribe whoever looks after jms-sync.
resource "alicloud_message_service_topic" "failures" {
  topic_name = local.failure_topic
}
