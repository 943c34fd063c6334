# terraform test: the whole module is applied to a provider that only pretends.
mock_provider "alicloud" {}

variables {
  timer_package = "versions.tf" # only its checksum is taken
  event_package = "versions.tf"
}

run "before_s_deploy" {
  assert {
    condition     = length(alicloud_fcv3_function.timer) == 0 && length(alicloud_fcv3_trigger.event) == 0
    error_message = "Functions are left to s deploy."
  }
  assert {
    condition     = length(alicloud_resource_manager_service_linked_role.event_bridge) == 3
    error_message = "EventBridge has its three roles."
  }
}

run "everything" {
  variables {
    deploy_functions = true
    member_role_arns = ["acs:ram::1690700000000031:role/jms-sync-read"]
  }
  assert {
    condition     = jsondecode(alicloud_fcv3_trigger.event["ecs-calls"].trigger_config).eventRuleFilterPattern == trimspace(file("events/ecs-calls.json"))
    error_message = "The trigger has the pattern of its file."
  }
  assert {
    condition     = length(alicloud_ram_role_policy_attachment.member) == 1
    error_message = "The role of the other account may be taken."
  }
}

run "rules_instead_of_triggers" {
  variables {
    deploy_functions = true
    event_rules      = true
  }
  assert {
    condition     = length(alicloud_fcv3_trigger.event) == 0 && length(alicloud_event_bridge_rule.event) == 2
    error_message = "One event has one way to the function."
  }
}

run "refuses_capitals" {
  command = plan
  variables {
    prefix = "JMS"
  }
  expect_failures = [var.prefix]
}
