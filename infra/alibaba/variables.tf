variable "region" {
  description = "Region of everything that is made; s.yaml calls it DEPLOY_REGION."
  type        = string
  default     = "cn-hangzhou"
}

variable "prefix" {
  description = "Begins the names of all that is made; s.yaml calls it DEPLOY_PREFIX. Lower case, as fc3 writes the role's ARN so."
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

variable "event_bridge_roles" {
  description = "Services of EventBridge that get their service-linked role: they deliver events to functions and take them from Cloud Monitor and ActionTrail. Leave out those whose role is there already (EntityAlreadyExist.Role)."
  type        = list(string)
  default     = ["sendevent-fc", "source-cms", "source-actiontrail"]
}

variable "deploy_functions" {
  description = "Whether Terraform deploys the functions too. false leaves them to s deploy; never use both."
  type        = bool
  default     = false
}

variable "timer_package" {
  description = "The timer function's package, from make package or a release."
  type        = string
  default     = "../../dist/fc-timer.zip"
}

variable "event_package" {
  description = "The event function's package, from make package or a release."
  type        = string
  default     = "../../dist/fc-event.zip"
}

variable "cron" {
  description = "When the timer fires: second minute hour day month weekday, in UTC."
  type        = string
  default     = "0 0/5 * * * *"
}

variable "timer_concurrency" {
  description = "How many timer invocations work at once: 1, or the number of parts that jms-sync split made."
  type        = number
  default     = 1
}
