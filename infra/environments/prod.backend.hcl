# The bucket is what `terraform output -raw state_bucket` says in infra/bootstrap.
bucket = "orders-api-state-000000000000"
region = "eu-west-1"
key    = "prod/terraform.tfstate"
