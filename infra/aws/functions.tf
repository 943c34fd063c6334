# One package, two functions: their time-outs, retries and concurrency differ.

resource "aws_cloudwatch_log_group" "timer" {
  name              = "/aws/lambda/${var.prefix}-timer"
  retention_in_days = 180
}

resource "aws_cloudwatch_log_group" "event" {
  name              = "/aws/lambda/${var.prefix}-event"
  retention_in_days = 180
}

resource "aws_lambda_function" "timer" {
  function_name                  = "${var.prefix}-timer"
  description                    = "Synchronises the instances of all clouds into JumpServer"
  role                           = aws_iam_role.function.arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = var.package
  source_code_hash               = filebase64sha256(var.package)
  timeout                        = 300
  memory_size                    = 512
  reserved_concurrent_executions = var.timer_concurrency

  environment {
    variables = local.environment
  }

  depends_on = [aws_cloudwatch_log_group.timer]
}

resource "aws_lambda_function" "event" {
  function_name    = "${var.prefix}-event"
  description      = "Opens new instances in JumpServer and closes released ones within seconds"
  role             = aws_iam_role.function.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  timeout          = 120
  memory_size      = 512

  environment {
    variables = local.environment
  }

  depends_on = [aws_cloudwatch_log_group.event]
}

# A tick is not tried again: the next one comes soon, and does all of it. Those older than stale_after are dropped by the
# platform as the function would drop them.
resource "aws_lambda_function_event_invoke_config" "timer" {
  function_name                = aws_lambda_function.timer.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 600

  destination_config {
    on_failure {
      destination = aws_sns_topic.failures.arn
    }
  }
}

# Lambda retries twice at most.
resource "aws_lambda_function_event_invoke_config" "event" {
  function_name                = aws_lambda_function.event.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = aws_sns_topic.failures.arn
    }
  }
}

resource "aws_cloudwatch_event_rule" "timer" {
  name                = "${var.prefix}-timer"
  description         = "jms-sync: the full run"
  schedule_expression = var.schedule
}

# Retries of EventBridge itself, where Lambda takes no call: of a tick and of an event for as long as they are worth it.
resource "aws_cloudwatch_event_target" "timer" {
  rule = aws_cloudwatch_event_rule.timer.name
  arn  = aws_lambda_function.timer.arn

  retry_policy {
    maximum_event_age_in_seconds = 600
    maximum_retry_attempts       = 10
  }
}

resource "aws_lambda_permission" "timer" {
  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.timer.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.timer.arn
}

# Events of this region. For another region, make a rule there whose target is this region's default bus.
resource "aws_cloudwatch_event_rule" "event" {
  name          = "${var.prefix}-event"
  description   = "jms-sync: instances that run, stop or end"
  event_pattern = file("${path.module}/events/ec2-state.json")
}

resource "aws_cloudwatch_event_target" "event" {
  rule = aws_cloudwatch_event_rule.event.name
  arn  = aws_lambda_function.event.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }
}

resource "aws_lambda_permission" "event" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.event.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.event.arn
}
