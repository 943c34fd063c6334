output "environment" {
  description = "The lines of .env for s deploy."
  value       = join("\n", concat(["DEPLOY_REGION=${local.region}", "DEPLOY_PREFIX=${var.prefix}"], [for name, value in local.environment : "${name}=${value}"]))
}

output "role_arn" {
  description = "The functions' role, which roles of other accounts have to trust."
  value       = alicloud_ram_role.function.arn
}
