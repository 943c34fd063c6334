# EventBridge rules for the event function, instead of its eventbridge triggers: make one or the other. The
# patterns are those of s.yaml. They also stand in for s deploy where that cannot make the triggers.

variable "event_rules" {
  description = "Whether rules on the default event bus call the event function, which must be there already."
  type        = bool
  default     = false
}

locals {
  rules = var.event_rules ? {
    ecs-state = file("${path.module}/events/ecs-state.json")
    ecs-calls = file("${path.module}/events/ecs-calls.json")
  } : {}
}

resource "alicloud_event_bridge_rule" "event" {
  for_each       = local.rules
  event_bus_name = "default"
  rule_name      = "${var.prefix}-${each.key}"
  description    = "jms-sync: changes of ECS instances"
  filter_pattern = each.value

  targets {
    target_id = "${var.prefix}-event"
    type      = "acs.fc.function"
    endpoint  = "acs:fc:${local.region}:${local.account}:functions/${var.prefix}-event"

    param_list {
      resource_key = "functionName"
      form         = "CONSTANT"
      value        = "${var.prefix}-event"
    }

    param_list {
      resource_key = "Body"
      form         = "ORIGINAL"
    }

    param_list {
      resource_key = "Async"
      form         = "CONSTANT"
      value        = "true"
    }
  }

  depends_on = [alicloud_resource_manager_service_linked_role.event_bridge]
}
