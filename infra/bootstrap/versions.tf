# Applied once for each AWS account, by an administrator, with a local state that then moves into the bucket
# it made: see docs/operations.md, "Once for each AWS account".
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project    = "orders-api"
      managed-by = "terraform"
    }
  }
}
