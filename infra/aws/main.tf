# jms-sync on AWS Lambda: a role with the least rights, buckets for configuration and state, the functions,
# their schedule and their events, and a topic for what failed. The policies are the files of policies/,
# which a test generates from what the program calls.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account       = data.aws_caller_identity.current.account_id
  partition     = data.aws_partition.current.partition
  region        = var.region
  config_bucket = "${var.prefix}-config-${local.account}-${local.region}"
  state_bucket  = "${var.prefix}-state-${local.account}-${local.region}"
  environment = {
    JMS_SYNC_CONFIG = "s3://${local.config_bucket}/${var.config_object}?region=${local.region}"
    JMS_SYNC_STATE  = "s3://${local.state_bucket}/${var.state_prefix}?region=${local.region}"
  }
}

resource "aws_iam_role" "function" {
  name               = var.prefix
  description        = "jms-sync: reads instances, its configuration and its state"
  assume_role_policy = file("${path.module}/policies/trust.json")
}

resource "aws_iam_role_policy" "function" {
  name = var.prefix
  role = aws_iam_role.function.id
  policy = templatefile("${path.module}/policies/function.json", {
    partition     = local.partition
    region        = local.region
    account       = local.account
    config_bucket = local.config_bucket
    config_object = var.config_object
    state_bucket  = local.state_bucket
    state_prefix  = var.state_prefix
    log_group     = "/aws/lambda/${var.prefix}"
    failure_topic = "${var.prefix}-failures"
  })
}

resource "aws_iam_role_policy" "member" {
  count  = length(var.member_role_arns)
  name   = "${var.prefix}-member-${count.index}"
  role   = aws_iam_role.function.id
  policy = templatefile("${path.module}/policies/assume-role.json", { member_role = var.member_role_arns[count.index] })
}

# The configuration holds keys: older versions help after a mistake, and nobody else may read them.
resource "aws_s3_bucket" "config" {
  bucket = local.config_bucket
}

resource "aws_s3_bucket_versioning" "config" {
  bucket = aws_s3_bucket.config.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "config" {
  bucket = aws_s3_bucket.config.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }
}

# State is written anew all the time; older versions of it say nothing and cost money.
resource "aws_s3_bucket" "state" {
  bucket = local.state_bucket
}

resource "aws_s3_bucket_server_side_encryption_configuration" "config" {
  bucket = aws_s3_bucket.config.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "config" {
  bucket                  = aws_s3_bucket.config.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Where asynchronous invocations go that failed for good. Subscribe whoever looks after jms-sync.
resource "aws_sns_topic" "failures" {
  name = "${var.prefix}-failures"
}

output "role_arn" {
  description = "The functions' role, which roles of other accounts have to trust."
  value       = aws_iam_role.function.arn
}

output "environment" {
  description = "Where configuration and state are kept."
  value       = local.environment
}
