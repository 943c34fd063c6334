variable "region" {
  description = "Region of the functions and buckets, and of the events that start them."
  type        = string
}

variable "prefix" {
  description = "Begins the names of all that is made."
  type        = string
  default     = "jms-sync"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.prefix))
    error_message = "The prefix must be 3 to 31 of a-z, 0-9 and -, beginning with a letter."
  }
}

variable "config_object" {
  description = "Key of the configuration in its bucket."
  type        = string
  default     = "config.yaml"
}

variable "state_prefix" {
  description = "Prefix of the state in its bucket, without slashes at its ends."
  type        = string
  default     = "jms-sync"
}

variable "member_role_arns" {
  description = "Roles in other accounts that assume_role_arn of the configuration names. Empty: none may be assumed."
  type        = list(string)
  default     = []
}

variable "package" {
  description = "The function's package: bootstrap of functions/lambda for linux and var.architecture, zipped."
  type        = string
  default     = "../../dist/lambda.zip"
}

variable "architecture" {
  description = "What the package was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture must be x86_64 or arm64."
  }
}

variable "schedule" {
  description = "When the timer fires, as EventBridge writes it; six cron fields without seconds, in UTC."
  type        = string
  default     = "cron(0/5 * * * ? *)"
}

variable "timer_concurrency" {
  description = "How many timer invocations work at once: 1, or the number of parts that jms-sync split made. An account with a quota of 10 in all cannot reserve any: set -1."
  type        = number
  default     = 1
}
