# terraform test: the whole module is applied to a provider that only pretends.
mock_provider "huaweicloud" {}

variables {
  region          = "cn-north-4"
  bucket_suffix   = "example"
  listed_projects = ["cn-north-4", "cn-east-3"]
  package         = "versions.tf" # only its checksum is taken
}

run "everything" {
  assert {
    condition     = length(huaweicloud_identity_agency.function.project_role) == 2
    error_message = "Both projects may be listed."
  }
  assert {
    condition     = huaweicloud_fgs_function.timer.log_stream_name == "jms-sync-timer" && huaweicloud_fgs_function.event.log_stream_name == "jms-sync-event"
    error_message = "Each function has a stream of its own."
  }
}
