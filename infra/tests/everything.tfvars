# Everything that a variable can switch on, beside the values of prod.
valkey         = {}
dax            = {}
api_cache      = { size_gb = "0.5", ttl_s = 60 }
api_domain     = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/api" }
console_domain = { name = "console.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/console" }
