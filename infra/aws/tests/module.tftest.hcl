# terraform test: the whole module is applied to a provider that only pretends.
mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws-cn" }
  }
}

variables {
  region  = "cn-north-1"
  package = "versions.tf" # only its checksum is taken
}

run "everything" {
  variables {
    member_role_arns = ["arn:aws-cn:iam::123456789012:role/jms-sync-read"]
  }
  assert {
    condition     = startswith(jsondecode(aws_iam_role_policy.function.policy).Statement[1].Resource[0], "arn:aws-cn:s3:::jms-sync-config-")
    error_message = "The rights are of the partition."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.timer.maximum_retry_attempts == 0
    error_message = "A tick is not tried again."
  }
}
