# The web console: static files in a private bucket, served by CloudFront with a strict content security policy.

locals {
  content_types = {
    css         = "text/css; charset=utf-8"
    html        = "text/html; charset=utf-8"
    ico         = "image/x-icon"
    js          = "text/javascript; charset=utf-8"
    json        = "application/json"
    png         = "image/png"
    svg         = "image/svg+xml"
    webmanifest = "application/manifest+json"
  }
  files = fileset(var.source_dir, "**/*.{${join(",", keys(local.content_types))}}")

  content_security_policy = join("; ", [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    "connect-src 'self' ${join(" ", var.connects_to)}",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ])
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18: public static files, read by CloudFront only
  #checkov:skip=CKV_AWS_144: the files are in the repository, one apply puts them back
  #checkov:skip=CKV_AWS_145: public static files, S3's own key will do
  #checkov:skip=CKV2_AWS_62: nobody waits for new files
  bucket        = "${var.name}-console-${data.aws_caller_identity.current.account_id}"
  force_destroy = true # the files are in the repository
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "forget-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# Names carry no hash, so a browser asks each time whether a file changed; CloudFront does the answering.
resource "aws_s3_object" "file" {
  for_each = local.files

  bucket        = aws_s3_bucket.this.id
  key           = each.key
  source        = "${var.source_dir}/${each.key}"
  source_hash   = filemd5("${var.source_dir}/${each.key}")
  content_type  = local.content_types[regex("[^.]+$", each.key)]
  cache_control = "no-cache"
}

resource "aws_s3_object" "config" {
  bucket        = aws_s3_bucket.this.id
  key           = "config.json"
  content       = jsonencode(var.config)
  content_type  = local.content_types.json
  cache_control = "no-cache"
}

# What docs.html shows.
resource "aws_s3_object" "contract" {
  bucket        = aws_s3_bucket.this.id
  key           = "openapi.json"
  content       = jsonencode(yamldecode(file(var.contract_file)))
  content_type  = local.content_types.json
  cache_control = "no-cache"
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.name
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259: two years of TLS for this host; a preload list is for the owner of the whole domain to ask for
  name    = var.name
  comment = "What a browser may do with the console"

  security_headers_config {
    content_security_policy {
      content_security_policy = local.content_security_policy
      override                = true
    }

    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }

    content_type_options {
      override = true
    }
  }

  custom_headers_config {
    items {
      header   = "Permissions-Policy"
      value    = "camera=(), geolocation=(), microphone=(), payment=()"
      override = true
    }

    items {
      header   = "Cross-Origin-Opener-Policy"
      value    = "same-origin"
      override = true
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_68: public static files, there is no application to protect
  #checkov:skip=CKV2_AWS_47: public static files, there is no application to protect
  #checkov:skip=CKV_AWS_86: public static files; what callers do is in the API's access log
  #checkov:skip=CKV_AWS_174: TLS 1.2 with a domain of one's own; CloudFront lets nobody choose for cloudfront.net
  #checkov:skip=CKV2_AWS_42: a domain of one's own is a setting of each environment
  #checkov:skip=CKV_AWS_310: one bucket of files that one apply puts back needs no second origin
  #checkov:skip=CKV_AWS_374: a shop's staff may travel
  enabled             = true
  comment             = "${var.name} console"
  default_root_object = "index.html"
  aliases             = var.domain[*].name
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100"

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.this.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  default_cache_behavior {
    target_origin_id           = "bucket"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # AWS' Managed-CachingOptimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = one(var.domain[*].certificate_arn)
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? null : "TLSv1.2_2021"
  }
}
