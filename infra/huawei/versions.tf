terraform {
  required_version = ">= 1.5"
  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = "~> 1.97"
    }
  }
}

# Keys: HW_ACCESS_KEY and HW_SECRET_KEY.
provider "huaweicloud" {
  region = var.region
}
