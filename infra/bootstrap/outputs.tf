output "state_bucket" {
  description = "The bucket to name in environments/*.backend.hcl."
  value       = aws_s3_bucket.state.bucket
}

output "backend" {
  description = "What to write to backend.tf here, to move this state into the bucket as well."
  value       = <<-HCL
    terraform {
      backend "s3" {
        bucket       = "${aws_s3_bucket.state.bucket}"
        key          = "bootstrap/terraform.tfstate"
        region       = "${var.region}"
        use_lockfile = true
        encrypt      = true
      }
    }
  HCL
}

output "roles" {
  description = "ARNs of the roles that workflows take on, by environment and kind."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}
