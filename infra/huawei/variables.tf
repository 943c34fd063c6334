variable "region" {
  description = "Region of the functions and buckets; its project has the same name."
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

variable "bucket_suffix" {
  description = "Ends the buckets' names, which must be unique in all of OBS; the account's name will do."
  type        = string
}

variable "listed_projects" {
  description = "Projects (regions) whose instances are listed. Rights are given in these only."
  type        = list(string)
}

variable "trigger_roles" {
  description = "System policies that let FunctionGraph subscribe to operations in Cloud Trace Service."
  type        = list(string)
  default     = ["CTS FullAccess"]
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

variable "package" {
  description = "The function's package: bootstrap of functions/functiongraph for linux/amd64, zipped."
  type        = string
  default     = "../../dist/functiongraph.zip"
}

variable "cron" {
  description = "When the timer fires: second minute hour day month weekday, in the region's time."
  type        = string
  default     = "0 0/5 * * * ?"
}

variable "timer_instances" {
  description = "How many timer invocations work at once: 1, or the number of parts that jms-sync split made."
  type        = string
  default     = "1"
}
