# jms-sync on Huawei Cloud FunctionGraph: an agency with the least rights for the program and one for the platform, buckets for configuration and state,
# the functions with their timer and their events of Cloud Trace Service, and a topic for what failed. The
# policies are the files of policies/, which a test generates from what the program calls.

locals {
  config_bucket = "${var.prefix}-config-${var.bucket_suffix}"
  state_bucket  = "${var.prefix}-state-${var.bucket_suffix}"
}

# A policy is of projects or of the account (global services), never of both.
resource "huaweicloud_identity_role" "project" {
  name        = "${var.prefix}-project"
  description = "jms-sync: the rights in projects that the program uses"
  type        = "XA"
  policy      = file("${path.module}/policies/project.json")
}

resource "huaweicloud_identity_role" "failures" {
  name        = "${var.prefix}-failures"
  description = "jms-sync: tells of invocations that failed"
  type        = "XA"
  policy      = file("${path.module}/policies/failures.json")
}

resource "huaweicloud_identity_role" "account" {
  name        = "${var.prefix}-account"
  description = "jms-sync: the rights in global services that the program uses"
  type        = "AX"
  policy = templatefile("${path.module}/policies/account.json", {
    config_bucket = local.config_bucket
    config_object = var.config_object
    state_bucket  = local.state_bucket
    state_prefix  = var.state_prefix
  })
}

# op_svc_cff is FunctionGraph. This agency is the program's: its keys reach the code.
resource "huaweicloud_identity_agency" "function" {
  name                   = var.prefix
  description            = "jms-sync: reads instances, its configuration and its state"
  delegated_service_name = "op_svc_cff"
  domain_roles           = [huaweicloud_identity_role.account.name]

  dynamic "project_role" {
    for_each = toset(var.listed_projects)
    content {
      project = project_role.value
      roles   = [huaweicloud_identity_role.project.name]
    }
  }
}

# This one is FunctionGraph's own: it subscribes to the operations that Cloud Trace Service records, and tells of
# invocations that failed. The code never gets its keys. trigger_roles are those of the whole service, as the provider's
# example of a CTS trigger asks for an administrator of it.
resource "huaweicloud_identity_agency" "platform" {
  name                   = "${var.prefix}-platform"
  description            = "FunctionGraph for jms-sync: makes its CTS trigger, tells of invocations that failed"
  delegated_service_name = "op_svc_cff"

  project_role {
    project = var.region
    roles   = concat(var.trigger_roles, [huaweicloud_identity_role.failures.name])
  }
}

# The configuration holds keys: older versions help after a mistake, and nobody else may read them.
resource "huaweicloud_obs_bucket" "config" {
  region        = var.region
  bucket        = local.config_bucket
  acl           = "private"
  versioning    = true
  encryption    = true
  sse_algorithm = "AES256"

  lifecycle_rule {
    name    = "old-versions"
    enabled = true

    noncurrent_version_expiration {
      days = 90
    }
  }
}

# State is written anew all the time; older versions of it say nothing and cost money.
resource "huaweicloud_obs_bucket" "state" {
  region        = var.region
  bucket        = local.state_bucket
  acl           = "private"
  versioning    = false
  encryption    = true
  sse_algorithm = "AES256"
}

resource "huaweicloud_lts_group" "functions" {
  region      = var.region
  group_name  = var.prefix
  ttl_in_days = 180
}

resource "huaweicloud_lts_stream" "functions" {
  for_each    = toset(["timer", "event"])
  region      = var.region
  group_id    = huaweicloud_lts_group.functions.id
  stream_name = "${var.prefix}-${each.value}"
}

# Where asynchronous invocations go that failed for good. Subscribe whoever looks after jms-sync.
resource "huaweicloud_smn_topic" "failures" {
  region = var.region
  name   = "${var.prefix}-failures"
}

output "environment" {
  description = "Where configuration and state are kept."
  value       = jsondecode(local.environment)
}
